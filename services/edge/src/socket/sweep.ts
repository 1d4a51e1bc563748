/** What every socket is looked at for, by one timer: a timer a socket would cost more than the socket. */
import { closeCodes } from "@rookery/protocol";
import type { Connection } from "./connection.ts";

/** Told in Hello: how often each side is to be heard. */
export const heartbeatMs = 30_000;
/** A peer that has answered no ping for so long is gone. */
const silentMsMax = 2.5 * heartbeatMs;
/** Unsent bytes of one socket; beyond it the client is a slow consumer, and is better off with a Sync (W2). */
const unsentBytesMax = 1024 * 1024;
const lookMs = 250;

/** What a look decides; null: nothing is wrong. Pure. */
export function judge(
  socket: { readonly expiresMs: number; readonly unsentBytes: number; readonly heardMs: number },
  now: { readonly wallMs: number; readonly steadyMs: number },
): { readonly code: number; readonly reason: string } | null {
  if (socket.expiresMs <= now.wallMs) return { code: closeCodes.unauthorized, reason: "the token has ended" };
  if (socket.unsentBytes > unsentBytesMax) {
    return { code: closeCodes.slowConsumer, reason: "too slow; reconnect and Sync" };
  }
  if (now.steadyMs - socket.heardMs > silentMsMax) {
    return { code: closeCodes.heartbeat, reason: "no answer to pings" };
  }
  return null;
}

/** Starts to look; ends what must end, and pings who was not heard for a heartbeat. @returns what stops it. */
export function startSweep(connections: Iterable<Connection>): () => void {
  const timer = setInterval(() => {
    const now = { wallMs: Date.now(), steadyMs: performance.now() };
    for (const connection of connections) {
      const { heardMs, pingedMs, unsentBytes } = connection;
      const verdict = judge({ expiresMs: connection.session.expiresMs, unsentBytes, heardMs }, now);
      if (verdict !== null) connection.end(verdict.code, verdict.reason);
      else if (now.steadyMs - pingedMs > heartbeatMs) connection.ping(now.steadyMs);
    }
  }, lookMs);
  return () => clearInterval(timer);
}
