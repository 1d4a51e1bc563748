/** What a socket's frames do. */
import type { Tokens } from "@rookery/auth";
import {
  type ClientFrame,
  closeCodes,
  Fault,
  faultInfo,
  limits,
  MalformedFrame,
  type Reply,
} from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import type { CommandGateway } from "../command/gateway.ts";
import { type CommandFrame, commandOf } from "./command.ts";
import type { Connection } from "./connection.ts";
import type { Membership } from "./membership.ts";
import { sync } from "./sync.ts";

/** Frames before Hello. */
const earlyMax = 1_024;
const minuteMs = 60_000;

export interface FrameHandler {
  /** A frame from the client; `bytes` are only lent. */
  receive(connection: Connection, bytes: ArrayBuffer, binary: boolean): void;
  /** After Hello: what came before it, in order. */
  resume(connection: Connection): void;
}

export function openFrameHandler(parts: {
  readonly store: Store;
  readonly gateway: Pick<CommandGateway, "ask">;
  readonly membership: Membership;
  readonly tokens: Pick<Tokens, "verify">;
  readonly commandMs: number;
  readonly log: Log;
}): FrameHandler {
  const receive = (connection: Connection, bytes: ArrayBuffer, binary: boolean): void => {
    if (connection.phase === "opening") {
      if (connection.early.length < earlyMax) connection.early.push(bytes.slice(0));
      else connection.end(closeCodes.protocol, "too many frames before Hello");
      return;
    }
    try {
      handle(connection, parse(connection, bytes, binary));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      connection.refuse(faultInfo(error), error.uuid);
      if (error instanceof MalformedFrame) countBad(connection);
    }
  };

  const handle = (connection: Connection, frame: ClientFrame): void => {
    switch (frame.type) {
      case "SendMessage":
      case "EditMessage":
      case "DeleteMessage":
      case "React":
      case "Pin":
      case "Vote":
        submit(connection, frame);
        return;
      case "Sync":
        sync(parts, connection, frame).catch((error: unknown) => {
          parts.log.warn({ err: String(error), connId: connection.session.connId }, "a Sync failed");
          // Only a new socket knows where it stands.
          connection.end(closeCodes.unavailable, "cannot read history now");
        });
        return;
      case "Auth":
        void authenticate(connection, frame.token);
        return;
      case "Ping":
        connection.send({ type: "Pong", ...(frame.t === undefined ? {} : { t: frame.t }) });
        return;
    }
  };

  const authenticate = async (connection: Connection, token: string): Promise<void> => {
    const verdict = await parts.tokens.verify(token, Date.now());
    if (verdict.kind !== "valid" || verdict.principal.userId !== connection.session.userId) {
      connection.refuse({ code: "unauthorized", message: "the token is not valid for this socket" });
      return;
    }
    const { expiresMs } = verdict.principal;
    connection.session.expiresMs = expiresMs;
    connection.send({ type: "Authed", expiresAt: expiresMs });
  };

  const submit = (connection: Connection, frame: CommandFrame): void => {
    const { uuid, chatId } = frame;
    const command = commandOf(frame);
    if (connection.pending >= limits.pendingPerSocketMax) {
      const message = `more than ${limits.pendingPerSocketMax} commands wait for an answer`;
      connection.refuse({ code: "overloaded", message, retryMs: 1_000 }, uuid);
      return;
    }
    connection.pending += 1;
    const { userId, connId } = connection.session;
    parts.gateway.ask(
      {
        actor: { kind: "chat", id: chatId },
        senderId: userId,
        uuid,
        source: "ws",
        requestId: connId,
        command,
      },
      parts.commandMs,
      (reply) => {
        connection.pending -= 1;
        answer(connection, frame, reply);
      },
    );
  };

  return {
    receive,
    resume(connection) {
      const { early } = connection;
      connection.early = [];
      for (const bytes of early) receive(connection, bytes, connection.session.format.binary);
    },
  };
}

/** @throws Fault */
function parse(connection: Connection, bytes: ArrayBuffer, binary: boolean): ClientFrame {
  const { format } = connection.session;
  if (bytes.byteLength > limits.frameBytesMax) {
    throw new MalformedFrame("too_large", `a frame has at most ${limits.frameBytesMax} bytes`);
  }
  if (binary !== format.binary) {
    throw new MalformedFrame(
      "invalid",
      `${format.subprotocol} takes ${format.binary ? "binary" : "text"} frames`,
    );
  }
  return format.parse(bytes);
}

function answer(connection: Connection, { type, uuid, chatId }: CommandFrame, reply: Reply): void {
  if (reply.kind === "refused") {
    connection.refuse(reply.fault, uuid);
    return;
  }
  const { outcome, duplicate } = reply;
  if (outcome.kind !== (type === "SendMessage" ? "sent" : "changed")) {
    connection.refuse({ code: "conflict", message: "the uuid names another command" }, uuid);
    return;
  }
  const { seq, rev, ts } = outcome;
  connection.send({ type: "Ack", uuid, chatId, seq, rev, ts, duplicate });
}

/** Ten frames in a minute that we cannot read are not a slip (CONTRACT §3). */
function countBad(connection: Connection): void {
  const nowMs = performance.now();
  if (nowMs - connection.badSinceMs > minuteMs) {
    connection.badSinceMs = nowMs;
    connection.badFrames = 0;
  }
  connection.badFrames += 1;
  if (connection.badFrames > limits.badFramesPerMinuteMax) {
    connection.end(closeCodes.protocol, "too many bad frames");
  }
}
