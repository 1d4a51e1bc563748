/** WebSocket framing (RFC 6455 §5) as a load client needs it. Pure: bytes in, frames out. */

export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Beyond it the peer is not one of ours. */
const payloadBytesMax = 64 * 1024 * 1024;

/**
 * One whole frame from a client. The mask is zero: it keeps web pages from talking to old proxies through a browser,
 * and here is neither; servers undo it all the same.
 */
export function encodeFrame(opcode: number, payload: Uint8Array | string): Buffer {
  const size = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
  const start = size < 126 ? 6 : size < 65_536 ? 8 : 14;
  const frame = Buffer.alloc(start + size);
  frame[0] = 0x80 | opcode;
  if (size < 126) frame[1] = 0x80 | size;
  else if (size < 65_536) {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(size, 2);
  } else {
    frame[1] = 0x80 | 127;
    frame.writeBigUInt64BE(BigInt(size), 2);
  }
  if (typeof payload === "string") frame.write(payload, start);
  else frame.set(payload, start);
  return frame;
}

/**
 * Cuts what a server sends into frames, however it is split. Keeps only the beginning of an unfinished frame, so an
 * idle socket holds nothing.
 */
export class FrameReader {
  #rest: Buffer | null = null;

  /**
   * Calls `onFrame` for each frame that is whole now. Payloads are views of `chunk` and lent until the call returns.
   * @throws Error for what our servers never send: masked, split or oversized frames.
   */
  push(chunk: Buffer, onFrame: (opcode: number, payload: Buffer) => void): void {
    let bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = null;
    for (;;) {
      const header = readHeader(bytes);
      if (header === null || bytes.length < header.start + header.size) break;
      const end = header.start + header.size;
      onFrame(header.opcode, bytes.subarray(header.start, end));
      bytes = bytes.subarray(end);
    }
    // A copy: the chunk is only lent, and a view would keep all of it.
    if (bytes.length > 0) this.#rest = Buffer.from(bytes);
  }
}

/** Null while it is not all there. */
function readHeader(bytes: Buffer): { opcode: number; start: number; size: number } | null {
  const [first = 0, second = 0] = bytes;
  if (bytes.length < 2) return null;
  if ((first & 0x80) === 0 || (first & 0x0f) === 0) throw new Error("a frame in parts");
  if ((second & 0x80) !== 0) throw new Error("a masked frame from a server");
  const opcode = first & 0x0f;
  if (second < 126) return { opcode, start: 2, size: second };
  const start = second === 126 ? 4 : 10;
  if (bytes.length < start) return null;
  const size = second === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (size > payloadBytesMax) throw new Error(`a frame of ${size} bytes`);
  return { opcode, start, size };
}
