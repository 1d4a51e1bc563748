/** Answers of an HTTP/1.1 server on one connection, as bytes come: status and length are all that is looked at. */
const headBytesMax = 16_384;

export class AnswerReader {
  #kept: Buffer = Buffer.alloc(0);
  /** Of the body that is being skipped. */
  #missing = 0;

  /** Calls `onAnswer` with the status of each answer that is whole. @throws Error when it is no answer. */
  push(bytes: Buffer, onAnswer: (status: number) => void): void {
    this.#kept = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes]);
    for (;;) {
      const end = this.#kept.indexOf("\r\n\r\n");
      if (end < 0) {
        if (this.#kept.length > headBytesMax) throw new Error("the head of an answer is too long");
        break;
      }
      const head = this.#kept.toString("latin1", 0, end);
      const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? [];
      const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
      if (status === undefined || length === undefined) throw new Error("not an answer with a length");
      this.#missing = end + 4 + Number(length) - this.#kept.length;
      if (this.#missing > 0) break;
      this.#kept = this.#kept.subarray(end + 4 + Number(length));
      onAnswer(Number(status));
    }
    // What is lent is taken back by the next read.
    this.#kept = Buffer.from(this.#kept);
  }
}
