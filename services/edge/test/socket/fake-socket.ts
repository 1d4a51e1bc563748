import type { Principal } from "@rookery/auth";
import type { ServerFrame } from "@rookery/protocol";
import type { WebSocket } from "uWebSockets.js";
import { Connection, type Session } from "../../src/socket/connection.ts";
import { openFormats } from "../../src/socket/format.ts";

export interface FakeSocket {
  readonly connection: Connection;
  /** What its client was sent, in order. */
  readonly sent: readonly ServerFrame[];
  /** What uWS has it subscribed to. */
  readonly topics: ReadonlySet<string>;
}

const formats = openFormats();

/** A live JSON socket without a network: of a person, or of an API key. */
export function openFakeSocket(userId: number, keyId: number | null = null): FakeSocket {
  const sent: ServerFrame[] = [];
  const topics = new Set<string>();
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
    send: (text: string) => sent.push(JSON.parse(text) as ServerFrame),
    cork: (write: () => void) => write(),
    subscribe: (topic: string) => topics.add(topic),
    unsubscribe: (topic: string) => topics.delete(topic),
  };
  const connection = new Connection(socket as unknown as WebSocket<Session>);
  connection.phase = "live";
  return { connection, sent, topics };
}
