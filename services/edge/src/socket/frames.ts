/** What a socket's frames do. */
import {
  type ChatCommand,
  type ClientFrame,
  type ClientFrameOf,
  closeCodes,
  Fault,
  faultInfo,
  limits,
  MalformedFrame,
  type Reply,
} from "@rookery/protocol";
import type { Store } from "@rookery/store";
import type { FetchedFiles } from "../bot-api/take-media.ts";
import type { BotWaits } from "../bot-api/bot-waits.ts";
import type { Authentication } from "../identity/authentication.ts";
import type { CommandGateway } from "@rookery/gateway";
import { checkForward } from "../command/forward.ts";
import type { ReceiptWindow } from "../command/receipts.ts";
import type { FaultOf } from "../outage.ts";
import type { Users } from "../room/users.ts";
import type { Channels } from "./channels.ts";
import { addressedBy, type CommandFrame, commandOf } from "./command.ts";
import type { Connection } from "./connection.ts";
import type { Membership } from "./membership.ts";
import { markOf } from "./receipt.ts";
import type { Mirror } from "./mirror.ts";
import { openInlineMode } from "./inline.ts";
import { openJoins } from "./join.ts";
import { openPresses } from "./press.ts";
import { openSyncs } from "./sync.ts";
import type { Typing } from "./typing.ts";

/** Frames before Hello, and their bytes. */
const earlyMax = 1_024;
const earlyBytesMax = 1_024 * 1_024;
const minuteMs = 60_000;

/** What is answered with an Ack or an Error. */
type Asking = CommandFrame | ClientFrameOf<"ChooseInline">;

export interface FrameHandler {
  /** A frame from the client; `bytes` are only lent. */
  receive(connection: Connection, bytes: ArrayBuffer, binary: boolean): void;
  /** After Hello: what came before it, in order. */
  resume(connection: Connection): void;
}

export function openFrameHandler(parts: {
  readonly store: Store;
  readonly gateway: Pick<CommandGateway, "ask" | "submit">;
  readonly receipts: Pick<ReceiptWindow, "mark">;
  readonly membership: Membership;
  readonly authentication: Authentication;
  readonly users: Pick<Users, "setAway">;
  readonly channels: Pick<Channels, "handle">;
  readonly typing: Pick<Typing, "hear">;
  readonly mirror: Pick<Mirror, "tell">;
  readonly waits: Pick<BotWaits, "press" | "unpress">;
  readonly fetched: FetchedFiles;
  readonly edge: string;
  readonly commandMs: number;
  readonly faultOf: FaultOf;
}): FrameHandler {
  const press = openPresses(parts);
  const join = openJoins(parts);
  const inline = openInlineMode(parts);
  const syncs = openSyncs(parts);

  const receive = (connection: Connection, bytes: ArrayBuffer, binary: boolean): void => {
    if (connection.phase === "opening") {
      const early = (connection.early ??= { frames: [], bytes: 0 });
      early.bytes += bytes.byteLength;
      if (early.frames.length < earlyMax && early.bytes <= earlyBytesMax) early.frames.push(bytes.slice(0));
      // Nothing is wrong with them: this edge is late, and none of them is done.
      else connection.end(closeCodes.overloaded, "too many frames before Hello");
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
      case "Callback":
        if (admit(connection, frame.uuid)) press(connection, frame, () => void (connection.pending -= 1));
        return;
      case "InlineQuery":
        if (!admit(connection, frame.uuid)) return;
        inline
          .ask(connection, frame)
          .catch(refuse(connection, frame.uuid))
          .finally(() => void (connection.pending -= 1));
        return;
      case "ChooseInline":
        if (admit(connection, frame.uuid)) void choose(connection, frame);
        return;
      case "Join":
        if (admit(connection, frame.uuid)) join(connection, frame, () => void (connection.pending -= 1));
        return;
      case "Sync":
        syncs(connection, frame);
        return;
      case "Auth":
        void authenticate(connection, frame.token);
        return;
      case "Read":
      case "Delivered":
        parts.receipts.mark(frame.chatId, markOf(connection, frame)).catch(refuse(connection));
        return;
      case "Presence":
        parts.users.setAway(connection, frame.status === "away");
        parts.mirror.tell(connection);
        return;
      case "Watch":
      case "Unwatch":
        parts.channels.handle(connection, frame);
        return;
      case "Typing":
        parts.typing.hear(connection, frame.chatId);
        return;
      case "Ping":
        connection.send({ type: "Pong", ...(frame.t === undefined ? {} : { t: frame.t }) });
        return;
    }
  };

  const faultOf = (error: unknown, { session: { connId } }: Connection): Fault =>
    parts.faultOf(error, "a frame met a bug", { connId });

  const refuse =
    (connection: Connection, uuid?: string) =>
    (error: unknown): void =>
      connection.refuse(faultInfo(faultOf(error, connection)), uuid);

  const authenticate = async (connection: Connection, token: string): Promise<void> => {
    try {
      // No address: a key is proven at the door, where its wrong guesses are counted by address.
      const principal = await parts.authentication.prove(token, "socket");
      if (
        principal.userId !== connection.session.userId ||
        principal.keyId !== connection.session.principal.keyId
      ) {
        throw new Fault("unauthorized", "the token is not valid for this socket");
      }
      connection.session.principal = principal;
      connection.send({ type: "Authed", expiresAt: principal.expiresMs });
    } catch (error) {
      refuse(connection)(error);
    }
  };

  /** Whether a command of this socket may go on its way; then one more waits for an answer. */
  const admit = (connection: Connection, uuid: string): boolean => {
    if (!connection.session.mayWrite) {
      connection.refuse(
        { code: "forbidden", message: "this socket may not write: messages:write is needed" },
        uuid,
      );
      return false;
    }
    if (connection.pending >= limits.pendingPerSocketMax) {
      const message = `more than ${limits.pendingPerSocketMax} commands wait for an answer`;
      connection.refuse({ code: "overloaded", message, retryMs: 1_000 }, uuid);
      return false;
    }
    connection.pending += 1;
    return true;
  };

  const submit = (connection: Connection, frame: CommandFrame): void => {
    const { uuid } = frame;
    const command = commandOf(frame);
    if (!admit(connection, uuid)) return;
    const forward = command.kind === "send" ? command.forward : undefined;
    if (forward === undefined && connection.looking === null) {
      ask(connection, frame, command);
      return;
    }
    const look = async (before: Promise<void> | null): Promise<void> => {
      await before;
      let checked: ChatCommand = command;
      try {
        if (command.kind === "send") {
          const { chatId } = frame;
          const by = connection.session.principal;
          checked = await checkForward(parts.store, command, { chatId, uuid, by });
        }
      } catch (error) {
        connection.pending -= 1;
        refuse(connection, uuid)(error);
        return;
      }
      ask(connection, frame, checked);
    };
    const looking = look(connection.looking).finally(() => {
      if (connection.looking === looking) connection.looking = null;
    });
    connection.looking = looking;
  };

  const choose = async (connection: Connection, frame: ClientFrameOf<"ChooseInline">): Promise<void> => {
    try {
      ask(connection, frame, await inline.choose(connection.session.userId, frame));
    } catch (error) {
      connection.pending -= 1;
      refuse(connection, frame.uuid)(error);
    }
  };

  const ask = (connection: Connection, frame: Asking, command: ChatCommand): void => {
    const { uuid, chatId } = frame;
    parts.gateway.ask(
      addressedBy(connection, { actor: { kind: "chat", id: chatId }, uuid, command }),
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
      connection.early = null;
      for (const bytes of early?.frames ?? []) receive(connection, bytes, connection.session.format.binary);
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

function answer(connection: Connection, { type, uuid, chatId }: Asking, reply: Reply): void {
  if (reply.kind === "refused") {
    connection.refuse(reply.fault, uuid);
    return;
  }
  const { outcome, duplicate } = reply;
  if (outcome.kind !== (type === "SendMessage" || type === "ChooseInline" ? "sent" : "changed")) {
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
