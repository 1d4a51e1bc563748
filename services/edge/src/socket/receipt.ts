import { type ClientFrameOf, Fault, type Mark } from "@rookery/protocol";
import type { Connection } from "./connection.ts";

/** How far a frame says its user has come. What is read was delivered. @throws Fault */
export function markOf(
  connection: Connection,
  { type, chatId, seq }: ClientFrameOf<"Read" | "Delivered">,
): Mark {
  const room = connection.rooms.roomOf(chatId);
  if (room === undefined) throw new Fault("not_found", `there is no chat ${chatId}`);
  if (seq > room.head.seq) throw new Fault("invalid", "seq: there is no such message");
  const { userId } = connection.session;
  return { userId, deliveredSeq: seq, readSeq: type === "Read" ? seq : 0 };
}
