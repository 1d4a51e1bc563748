import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AnswerReader } from "../src/socket/answer.ts";

const two = Buffer.from(
  "HTTP/1.1 200 OK\r\nx-request-id: a\r\nContent-Length: 0\r\n\r\nHTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nlate",
);

function read(parts: readonly Buffer[]): number[] {
  const reader = new AnswerReader();
  const statuses: number[] = [];
  for (const part of parts) reader.push(part, (status) => statuses.push(status));
  return statuses;
}

describe("answers on a kept connection", () => {
  it("are read whole, and a byte at a time", () => {
    assert.deepEqual(read([two]), [200, 503]);
    assert.deepEqual(read([...two].map((byte) => Buffer.from([byte]))), [200, 503]);
  });

  it("one whose body is cut is not there yet", () => {
    assert.deepEqual(read([two.subarray(0, -1)]), [200]);
  });

  it("what is none is refused", () => {
    assert.throws(() => read([Buffer.from("SSH-2.0-x\r\n\r\n")]), /not an answer/);
    assert.throws(() => read([Buffer.alloc(20_000, "x")]), /too long/);
  });
});
