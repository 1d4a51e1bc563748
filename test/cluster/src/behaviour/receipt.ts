/** How far members have come: told live and by Sync, forward only, counted in the chat list. */
import assert from "node:assert/strict";
import type { ChatBody, FrameOf, MarkBody } from "@rookery/kit";
import { catchUp } from "../catch-up.ts";
import { createDirect, createGroup, expect, type Person } from "../rest.ts";
import type { Socket } from "../socket.ts";
import { nameBatch, write } from "../writer.ts";
import type { Behaviours, Stage } from "./stage.ts";

async function heard(socket: Socket, chatId: number, mark: Partial<MarkBody>): Promise<FrameOf<"Receipt">> {
  return await socket.frame(
    "Receipt",
    (frame) =>
      frame.chatId === chatId &&
      Object.entries(mark).every(([name, value]) => Reflect.get(frame, name) === value),
  );
}

async function unreadOf(stage: Stage, person: Person, chatId: number): Promise<number> {
  const path = `/v1/chats/${chatId}`;
  return (await expect<ChatBody>(200, stage.edge(1), "GET", path, { token: person.token })).unread;
}

export const receipt: Behaviours = {
  async "Read and Delivered are heard by every device of everybody in the chat, and count as read"(stage) {
    const { ann } = stage.cast;
    const fay = await stage.newcomer("fay");
    const chat = await createDirect(stage.base, ann, fay);
    const [anns, fays, fays2] = [await stage.open(ann), await stage.open(fay), await stage.open(fay)];
    await write(anns, nameBatch(chat.id, "r", 3));
    await fays.heard(chat.id, 3);
    assert.deepEqual([await unreadOf(stage, fay, chat.id), await unreadOf(stage, ann, chat.id)], [3, 0]);
    fays.send({ type: "Delivered", chatId: chat.id, seq: 3 });
    fays.send({ type: "Read", chatId: chat.id, seq: 2 });
    for (const socket of [anns, fays, fays2]) {
      await heard(socket, chat.id, { userId: fay.userId, deliveredSeq: 3, readSeq: 2 });
    }
    assert.equal(await unreadOf(stage, fay, chat.id), 1);
  },

  async "receipts go forward only, and whoever was away has them whole by Sync"(stage) {
    const { ann, bob } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "receipts");
    const [anns, bobs] = [await stage.open(ann), await stage.open(bob)];
    await write(anns, nameBatch(chat.id, "g", 4));
    for (const seq of [4, 2, 5, 1]) bobs.send({ type: "Read", chatId: chat.id, seq });
    await heard(anns, chat.id, { userId: bob.userId, readSeq: 5 });
    const seqs = anns.journal.flatMap((frame) => (frame.type === "Receipt" ? [frame.readSeq] : []));
    assert.deepEqual(
      seqs,
      seqs.toSorted((one, other) => one - other),
    );
    const away = await stage.open(ann, { resume: true });
    const { pages } = await catchUp(away, chat.id, { seq: 5, rev: 0 });
    assert.deepEqual(
      pages.flatMap((page) => page.receipts).map(({ userId, readSeq }) => [userId, readSeq]),
      [[bob.userId, 5]],
    );
    const { items } = await expect<{ items: readonly MarkBody[] }>(
      200,
      stage.base,
      "GET",
      `/v1/chats/${chat.id}/members`,
      { token: ann.token },
    );
    assert.equal(items.find(({ userId }) => userId === bob.userId)?.readSeq, 5);
  },

  async "of a message that is not there, and in another's chat, there is nothing to read"(stage) {
    const { ann, bob, eve } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "nothing to read");
    const [anns, eves] = [await stage.open(ann), await stage.open(eve)];
    for (const type of ["Read", "Delivered"]) {
      const after = eves.journal.length;
      eves.send({ type, chatId: chat.id, seq: 1 });
      assert.equal((await eves.frame("Error", () => true, { after })).code, "not_found", type);
      const from = anns.journal.length;
      anns.send({ type, chatId: chat.id, seq: 999_999 });
      assert.equal((await anns.frame("Error", () => true, { after: from })).code, "invalid", type);
    }
  },
};
