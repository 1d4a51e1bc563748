/**
 * A WebSocket client on a bare TCP socket, for holding very many: one read buffer for all of them, no timers, no
 * streams' queues, no checks that only a stranger would fail.
 */
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { encodeFrame, FrameReader, opcodes } from "./frame.ts";

export interface RawSocket {
  send(text: string): void;
  /** Several frames in one write. */
  sendAll(texts: readonly string[]): void;
  /** Says goodbye; `on.close` is not called any more. Resolves when the server has closed, or was cut off for not doing so. */
  close(): Promise<void>;
  /** Resets the connection without a word; `on.close` is not called any more. */
  cut(): void;
}

export interface Door {
  readonly url: URL;
  readonly protocols: readonly string[];
}

/** Every socket's; a nonce matters to caches only. */
const key = Buffer.alloc(16).toString("base64");
const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
const headBytesMax = 16_384;
const closeMsMax = 5_000;
/** What a connection that ended without a close frame is said to have ended with (RFC 6455 §7.1.5). */
const abnormalClosure = 1006;
const noStatus = 1005;

// Reads are handled before the next one starts, so one buffer serves all sockets.
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * Opens a socket; resolves once it is upgraded. Text is lent until `on.text` returns. Pings are answered.
 *
 * @throws Error with the status when the upgrade is refused.
 */
export function openRawSocket(
  { url, protocols }: Door,
  on: {
    readonly text: (payload: Buffer, socket: RawSocket) => void;
    readonly close: (code: number) => void;
    readonly read?: () => void;
  },
): Promise<RawSocket> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader();
    let head: Buffer | null = Buffer.alloc(0);
    let closing = false;
    let code = abnormalClosure;

    const take = (opcode: number, payload: Buffer): void => {
      if (opcode === opcodes.text || opcode === opcodes.binary) on.text(payload, opened);
      else if (opcode === opcodes.ping) socket.write(encodeFrame(opcodes.pong, payload));
      else if (opcode === opcodes.close) {
        code = payload.length >= 2 ? payload.readUInt16BE(0) : noStatus;
        if (!closing) socket.write(encodeFrame(opcodes.close, payload));
        socket.end();
      }
    };
    const readHead = (bytes: Buffer): Buffer | null => {
      head = Buffer.concat([head ?? bytes, bytes]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0 && head.length <= headBytesMax) return null;
      const text = head.toString("latin1", 0, end);
      if (!text.startsWith("HTTP/1.1 101") || !text.includes(accept)) {
        throw new Error(`the upgrade was refused: ${text.split("\r\n", 1)[0] ?? ""}`);
      }
      const rest = head.subarray(end + 4);
      head = null;
      resolve(opened);
      return rest;
    };
    const read = (bytes: Buffer): void => {
      try {
        const rest = head === null ? bytes : readHead(bytes);
        if (rest === null || rest.length === 0) return;
        on.read?.();
        reader.push(rest, take);
      } catch (error) {
        socket.destroy(error as Error);
      }
    };

    const socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback(size, bytes) {
          read((bytes as Buffer).subarray(0, size));
          return true;
        },
      },
    });
    const close = (): Promise<void> => {
      closing = true;
      if (socket.closed) return Promise.resolve();
      return new Promise((done) => {
        const timer = setTimeout(() => socket.destroy(), closeMsMax);
        socket.once("close", () => {
          clearTimeout(timer);
          done();
        });
        socket.write(encodeFrame(opcodes.close, Buffer.from([0x03, 0xe8])));
      });
    };
    const opened: RawSocket = {
      send: (text) => void socket.write(encodeFrame(opcodes.text, text)),
      sendAll: (texts) =>
        void socket.write(Buffer.concat(texts.map((text) => encodeFrame(opcodes.text, text)))),
      close,
      cut() {
        closing = true;
        socket.resetAndDestroy();
      },
    };
    socket.once("connect", () => socket.write(encodeUpgrade(url, protocols)));
    socket.once("error", reject);
    socket.on("error", () => {});
    socket.once("close", () => {
      if (head !== null) reject(new Error("closed before it was upgraded"));
      else if (!closing) on.close(code);
    });
  });
}

function encodeUpgrade({ host, pathname, search }: URL, protocols: readonly string[]): string {
  return [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    ...(protocols.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${protocols.join(", ")}`]),
    "\r\n",
  ].join("\r\n");
}
