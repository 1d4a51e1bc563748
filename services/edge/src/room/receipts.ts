import { type ChatId, limits, type Mark, type ServerFrame } from "@rookery/protocol";
import type { ChatMarks } from "@rookery/store";
import type { Placed } from "./room.ts";

/** Receipts as clients get them: each by itself, or many in a frame where the members are many. */
export function receiptFrames(chatId: ChatId, marks: readonly Mark[], crowd: boolean): ServerFrame[] {
  if (!crowd) return marks.map((mark) => ({ type: "Receipt", chatId, ...mark }));
  const frames: ServerFrame[] = [];
  for (let at = 0; at < marks.length; at += limits.receiptsMax) {
    frames.push({ type: "Receipts", chatId, receipts: marks.slice(at, at + limits.receiptsMax) });
  }
  return frames;
}

/** All receipts of a chat, as they were read. */
export function placeMarks(chatId: ChatId, { receiptRev, marks }: ChatMarks): Placed {
  const frames = receiptFrames(chatId, marks, marks.length > limits.crowdMin);
  return { kind: "receipts", fromRev: 0, receiptRev, frames };
}
