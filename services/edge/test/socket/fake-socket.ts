import type { Principal } from "@rookery/auth";
import type { ServerFrame } from "@rookery/protocol";
import type { WebSocket } from "uWebSockets.js";
import { Connection, type Session } from "../../src/socket/connection.ts";
import { openFormats } from "../../src/socket/format.ts";

export interface FakeSocket {
  readonly connection: Connection;
  /** What its client was sent, in order. */
  readonly sent: readonly ServerFrame[];
  /** The chats whose frames come to it live. */
  chats(): number[];
  /** Bytes its peer has not taken; the test says how many. */
  unsentBytes: number;
  /** The codes it was closed with. */
  readonly codes: readonly number[];
}

const formats = openFormats();

/** A live JSON socket without a network: of a person, or of an API key. */
export function openFakeSocket(userId: number, keyId: number | null = null): FakeSocket {
  const sent: ServerFrame[] = [];
  const codes: number[] = [];
  const principal: Principal = {
    userId,
    keyId,
    sessionId: keyId === null ? 1 : null,
    roles: ["member"],
    scopes: null,
    rateLimit: null,
    expiresMs: Number.POSITIVE_INFINITY,
  };
  const session: Session = {
    connId: `${userId}-${keyId ?? "person"}`,
    userId,
    device: "test",
    principal,
    mayWrite: true,
    format: formats.json,
    resume: false,
    connection: null,
  };
  const socket = {
    getUserData: () => session,
    send: (bytes: Uint8Array) => sent.push(JSON.parse(Buffer.from(bytes).toString()) as ServerFrame),
    cork: (write: () => void) => write(),
    getBufferedAmount: () => fake.unsentBytes,
    end: (code: number) => void codes.push(code),
  };
  // Nothing waits for the end of a turn here.
  const flusher = { add: (due: { flush(): void }) => due.flush() };
  const connection = new Connection(socket as unknown as WebSocket<Session>, flusher);
  connection.phase = "live";
  const fake: FakeSocket = {
    connection,
    sent,
    codes,
    unsentBytes: 0,
    chats: () =>
      connection.rooms.keys().filter((chatId) => {
        const { rooms } = connection;
        return rooms.roomOf(chatId)?.hearers[rooms.placeOf(chatId)] === connection;
      }),
  };
  return fake;
}
