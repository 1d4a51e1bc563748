import {
  type ActorRef,
  type AddressedCommand,
  type ChatCommand,
  type ClientFrameOf,
  type Command,
  Fault,
} from "@rookery/protocol";
import { sendCommand } from "../command/send-command.ts";
import type { Connection } from "./connection.ts";

/** Frames that a chat answers with an Ack or an Error. */
export type CommandFrame = ClientFrameOf<
  "SendMessage" | "EditMessage" | "DeleteMessage" | "React" | "Pin" | "Vote"
>;

/** A command of the socket's user, or of the key that opened it. */
export function addressedBy(
  { session: { userId, connId, principal } }: Connection,
  asked: { readonly actor: ActorRef; readonly uuid: string; readonly command: Command },
): AddressedCommand {
  return {
    ...asked,
    senderId: userId,
    ...(principal.keyId === null ? {} : { keyId: principal.keyId }),
    source: "ws",
    requestId: connId,
  };
}

/** What a frame asks of its chat. @throws Fault when its fields contradict each other. */
export function commandOf(frame: CommandFrame): ChatCommand {
  switch (frame.type) {
    case "SendMessage": {
      const { type: _, uuid: __, chatId: ___, ...content } = frame;
      return sendCommand(content);
    }
    case "EditMessage": {
      const { seq, body, entities } = frame;
      return { kind: "edit", seq, body, ...(entities === undefined ? {} : { entities }) };
    }
    case "DeleteMessage":
      return { kind: "delete", seq: frame.seq };
    case "React":
      return { kind: "react", seq: frame.seq, emoji: frame.emoji, remove: frame.remove ?? false };
    case "Pin":
      return { kind: "pin", seq: frame.seq, remove: frame.remove ?? false };
    case "Vote": {
      const { uuid, seq, options = [], remove = false } = frame;
      if (remove === options.length > 0) {
        throw new Fault("invalid", "options: some, or remove, and not both", { uuid });
      }
      return { kind: "vote", seq, options };
    }
  }
}
