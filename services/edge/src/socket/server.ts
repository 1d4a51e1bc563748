/** The WebSocket side of an edge, on uWebSockets.js. */
import { closeCodes, limits } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { TemplatedApp, WebSocketBehavior } from "uWebSockets.js";
import type { FaultOf } from "../outage.ts";
import { Connection, type Session } from "./connection.ts";
import type { Channels } from "./channels.ts";
import { Flusher } from "./flusher.ts";
import type { FrameHandler } from "./frames.ts";
import type { Membership } from "./membership.ts";
import { heartbeatMs, startSweep } from "./sweep.ts";

/** The last resort, well beyond what the sweep allows: uWS itself lets go of a peer, without a word. */
const idleSecondsMax = 240;
const backpressureBytesMax = 32 * 1_024 * 1_024;
/** Above our own bound on frames, so that a large one is answered instead of cut off. */
const payloadBytesMax = 1_024 * 1_024;

/**
 * How an edge that stops moves its sockets elsewhere: so many at a time, or as many as need be for all to have gone in two
 * thirds of the time it has, so that they do not all come back at once.
 */
const drainBatchMin = 50;
const drainPauseMs = 100;
const drainShare = 2 / 3;
/** Clients come back at a moment of their own within this. */
const reconnectMsMax = 1_000;

export interface SocketServer {
  readonly connections: ReadonlySet<Connection>;
  /** Closes the sockets of which it holds. @returns how many. */
  endWhere(holds: (session: Session) => boolean, code: number, reason: string): number;
  /** Tells so many sockets, any, to move and closes them with 4000. @returns how many. */
  shed(count: number): number;
  /** Tells every socket to move, closes them with 4000, and resolves when they are gone or `withinMs` has passed. */
  drain(withinMs: number): Promise<void>;
}

export function serveSockets(
  app: TemplatedApp,
  parts: {
    readonly membership: Membership;
    readonly channels: Pick<Channels, "leave">;
    readonly frames: FrameHandler;
    readonly upgrade: NonNullable<WebSocketBehavior<Session>["upgrade"]>;
    /** Whether what a socket was let in with has been revoked since. */
    readonly isEnded: (principal: Session["principal"]) => boolean;
    readonly onOpen: (connection: Connection) => void;
    readonly onClose: (connection: Connection) => void;
    readonly faultOf: FaultOf;
    readonly log: Log;
  },
): SocketServer {
  const connections = new Set<Connection>();
  const flusher = new Flusher();
  const { membership, channels, frames, log } = parts;

  const greet = async (connection: Connection): Promise<void> => {
    const { connId, userId, resume } = connection.session;
    await membership.open(connection);
    if (connection.closed) return;
    connection.send({
      type: "Hello",
      userId,
      connId,
      heartbeatMs,
      frameBytesMax: limits.frameBytesMax,
      serverTime: Date.now(),
      userRev: connection.userRev,
    });
    connection.phase = resume ? "held" : "live";
    if (!resume) for (const chatId of connection.rooms.keys()) connection.subscribe(chatId);
    frames.resume(connection);
    await membership.pull(connection);
  };

  app.ws<Session>("/v1/ws", {
    idleTimeout: idleSecondsMax,
    sendPingsAutomatically: false,
    maxBackpressure: backpressureBytesMax,
    closeOnBackpressureLimit: true,
    maxPayloadLength: payloadBytesMax,
    upgrade: parts.upgrade,
    open(socket) {
      const connection = new Connection(socket, flusher);
      connection.session.connection = connection;
      connections.add(connection);
      // Revoked between the upgrade's check and now: whoever ended its sockets has not seen this one.
      if (parts.isEnded(connection.session.principal)) {
        connection.end(closeCodes.unauthorized, "the session or key was ended");
        return;
      }
      parts.onOpen(connection);
      greet(connection).catch((error: unknown) => {
        parts.faultOf(error, "the opening of a socket met a bug", { connId: connection.session.connId });
        connection.end(closeCodes.unavailable, "try again soon");
      });
    },
    message(socket, bytes, isBinary) {
      const { connection } = socket.getUserData();
      if (connection !== null) frames.receive(connection, bytes, isBinary);
    },
    pong(socket) {
      const { connection } = socket.getUserData();
      if (connection !== null) connection.hear();
    },
    drain(socket) {
      socket.getUserData().connection?.wake();
    },
    close(socket, code) {
      const { connection } = socket.getUserData();
      if (connection === null) return;
      log.debug({ connId: connection.session.connId, code, phase: connection.phase }, "a socket is closed");
      membership.close(connection);
      connection.wake();
      channels.leave(connection);
      parts.onClose(connection);
      connections.delete(connection);
    },
  });

  const stopSweep = startSweep(connections);

  const sendAway = (connection: Connection, reason: string): void => {
    connection.send({ type: "Draining", reconnectMs: Math.floor(Math.random() * reconnectMsMax) });
    connection.end(closeCodes.draining, reason);
  };

  return {
    connections,
    endWhere(holds, code, reason) {
      const ending = [...connections].filter(({ session }) => holds(session));
      for (const connection of ending) connection.end(code, reason);
      return ending.length;
    },
    shed(count) {
      // Every so many, so that those who came together do not all go.
      const step = Math.max(1, Math.floor(connections.size / Math.max(1, count)));
      const going = [...connections].filter((_, index) => index % step === 0).slice(0, count);
      for (const connection of going) sendAway(connection, "other edges hold fewer");
      return going.length;
    },
    async drain(withinMs) {
      stopSweep();
      const untilMs = performance.now() + withinMs;
      const waiting = [...connections];
      const pauses = Math.max(1, (withinMs * drainShare) / drainPauseMs);
      const batch = Math.max(drainBatchMin, Math.ceil(waiting.length / pauses));
      while (waiting.length > 0) {
        for (const connection of waiting.splice(0, batch)) sendAway(connection, "this edge is stopping");
        if (performance.now() > untilMs) break;
        await new Promise((resolve) => setTimeout(resolve, drainPauseMs));
      }
      while (connections.size > 0 && performance.now() < untilMs) {
        await new Promise((resolve) => setTimeout(resolve, drainPauseMs));
      }
    },
  };
}
