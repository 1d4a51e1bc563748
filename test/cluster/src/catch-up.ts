/** A client's Sync: one question, and its pages up to the last. */
import assert from "node:assert/strict";
import type { ChangeFrame, FrameOf, MessageBody } from "@rookery/kit";
import type { Socket } from "./socket.ts";

export interface CaughtUp {
  readonly pages: readonly FrameOf<"SyncResult">[];
  readonly messages: readonly MessageBody[];
  readonly changes: readonly ChangeFrame[];
  readonly headSeq: number;
  readonly rev: number;
}

/** Sends `Sync` for one chat and collects its pages; each but the last says `more`. */
export async function catchUp(
  socket: Socket,
  chatId: number,
  position: { readonly seq: number; readonly rev: number },
  userRev?: number,
): Promise<CaughtUp> {
  const after = socket.journal.length;
  socket.send({
    type: "Sync",
    chats: { [chatId]: position },
    ...(userRev === undefined ? {} : { userRev }),
  });
  const last = await socket.frame("SyncResult", (frame) => frame.chatId === chatId && !frame.more, { after });
  const pages = socket.journal
    .slice(after)
    .filter((frame) => frame.type === "SyncResult")
    .filter((frame) => frame.chatId === chatId);
  assert.equal(pages.at(-1), last, "nothing follows the page without more");
  return {
    pages,
    messages: pages.flatMap((page) => page.messages),
    changes: pages.flatMap((page) => page.changes),
    headSeq: last.headSeq,
    rev: last.rev,
  };
}

/** Every message of a chat a socket was given, by Sync or live, in order of arrival. */
export function arrivals(socket: Socket, chatId: number): MessageBody[] {
  return socket.journal.flatMap((frame) => {
    if (frame.type === "Message") return frame.chatId === chatId ? [frame] : [];
    if (frame.type === "SyncResult") return frame.chatId === chatId ? frame.messages : [];
    return [];
  });
}
