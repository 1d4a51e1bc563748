/** What every socket is looked at for, by one timer: a timer a socket would cost more than the socket. */
import { closeCodes } from "@rookery/protocol";
import type { Connection } from "./connection.ts";

/** Told in Hello: how often each side is to be heard. */
export const heartbeatMs = 30_000;
/** A peer that has answered no ping for so long is gone. */
const silentMsMax = 2.5 * heartbeatMs;
/** Unsent bytes of one socket; beyond it the client is a slow consumer, and is better off with a Sync (W2). */
const unsentBytesMax = 1024 * 1024;
/**
 * Every socket is looked at once a second at least, a tenth of them at a time: 10,000 at once are a pause of 3 ms (`npm run load --
 * sockets --profile`), which everybody who writes then waits for. Few are looked at each time, so that much does not wait for
 * one who has stopped reading; nobody at all is looked for less often, since each look wakes the edge.
 */
const lookMs = 100;
const looks = 10;
const fewMax = 50;
const nobodyMs = 1_000;

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
export function startSweep(connections: ReadonlySet<Connection>): () => void {
  let turns = connections.values();
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const now = { wallMs: Date.now(), steadyMs: performance.now() };
    const { size } = connections;
    for (const connection of take(Math.max(Math.ceil(size / looks), Math.min(size, fewMax)))) {
      const { heardMs, pingedMs, unsentBytes } = connection;
      const verdict = judge({ expiresMs: connection.session.principal.expiresMs, unsentBytes, heardMs }, now);
      if (verdict !== null) connection.end(verdict.code, verdict.reason);
      else if (now.steadyMs - pingedMs > heartbeatMs) connection.ping(now.steadyMs);
    }
    rest();
  };
  const rest = (): void => {
    timer = setTimeout(look, connections.size === 0 ? nobodyMs : lookMs);
  };
  rest();
  return () => clearTimeout(timer);

  /** The next so many, from the first again after the last. A set's turns go on while members come and go. */
  function* take(count: number): Generator<Connection> {
    for (let taken = 0; taken < count; taken++) {
      let next = turns.next();
      if (next.done === true) {
        turns = connections.values();
        next = turns.next();
      }
      if (next.done === true) return;
      yield next.value;
    }
  }
}
