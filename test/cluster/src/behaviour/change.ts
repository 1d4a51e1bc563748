/** What becomes of messages: told live, once, in one order, and again by Sync to whoever was away. */
import assert from "node:assert/strict";
import type { ChatBody, ClientFrame } from "@rookery/kit";
import { ask, done, heardChanges, refused } from "../answer.ts";
import { catchUp } from "../catch-up.ts";
import { createDirect, createGroup, expect, readHistory, request } from "../rest.ts";
import type { Socket } from "../socket.ts";
import { nameBatch, write } from "../writer.ts";
import type { Behaviours } from "./stage.ts";

/** More than an actor keeps at hand while it is idle, and more outcomes than it remembers. */
const forgottenAfter = 200;

export const change: Behaviours = {
  async "[L4] every change is heard by every device of everybody, once, in one order, and is what history shows"(
    stage,
  ) {
    const { ann, bob, carl } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob, carl], "changes");
    const sockets = await Promise.all(
      [ann, ann, bob, bob, carl].map((person, index) =>
        stage.open(person, { base: stage.edge(index), format: index === 1 ? "json" : stage.format }),
      ),
    );
    const [one, , two, , three] = sockets as [Socket, Socket, Socket, Socket, Socket];
    const { seq } = await one.say(chat.id, "edited", "first");
    const gone = (await two.say(chat.id, "deleted", "to be gone")).seq;
    const poll = { question: "tea?", options: ["yes", "no"] };
    const pollSeq = (await done(one, { type: "SendMessage", chatId: chat.id, body: "", poll })).seq;
    const at = { chatId: chat.id, seq };
    const edited = await done(one, { type: "EditMessage", ...at, body: "second", entities: [] });
    assert.deepEqual([edited.seq, edited.rev, edited.duplicate], [seq, 1, false]);
    await Promise.all([
      done(two, { type: "React", ...at, emoji: "👍" }),
      done(three, { type: "React", ...at, emoji: "👍" }),
      done(three, { type: "React", ...at, emoji: "🎉" }),
      done(one, { type: "Pin", ...at }),
      done(two, { type: "Vote", chatId: chat.id, seq: pollSeq, options: [1] }),
      done(two, { type: "DeleteMessage", chatId: chat.id, seq: gone }),
    ]);
    await done(three, { type: "React", ...at, emoji: "🎉", remove: true });
    const title = { token: ann.token, body: { title: "renamed" } };
    await expect(200, stage.edge(1), "PATCH", `/v1/chats/${chat.id}`, title);
    const last = 9;
    const heard = await Promise.all(sockets.map((socket) => heardChanges(socket, chat.id, last)));
    assert.deepEqual(
      heard[0]?.map(({ rev }) => rev),
      Array.from({ length: last }, (_, index) => index + 1),
    );
    for (const seen of heard) assert.deepEqual(seen, heard[0]);

    const { items } = await readHistory(stage.base, carl, chat.id);
    const first = items.find((message) => message.seq === seq);
    assert.deepEqual([first?.body, first?.pinned], ["second", true]);
    assert.deepEqual(Object.keys(first?.reactions ?? {}), ["👍"]);
    assert.deepEqual(new Set(first?.reactions["👍"]), new Set([bob.userId, carl.userId]));
    assert.ok((first?.editedAt ?? 0) > 0);
    const tombstone = items.find((message) => message.seq === gone);
    assert.equal(tombstone?.body, "");
    assert.ok((tombstone?.deletedAt ?? 0) > 0);
    const now = await expect<ChatBody>(200, stage.base, "GET", `/v1/chats/${chat.id}`, { token: bob.token });
    assert.deepEqual([now.title, now.rev], ["renamed", last]);

    for (const rev of [0, 4, last]) {
      const away = await stage.open(carl, { resume: true });
      const missed = await catchUp(away, chat.id, { seq: pollSeq, rev });
      assert.deepEqual(missed.changes, heard[0]?.slice(rev), `Sync from rev ${rev}`);
      assert.equal(missed.rev, last);
    }
  },

  async "[L3] changes reach messages long forgotten, and repeats get the first answer"(stage) {
    const { ann } = stage.cast;
    const chat = await createDirect(stage.base, ann, await stage.newcomer("fay"));
    const socket = await stage.open(ann);
    const sent = await socket.say(chat.id, "old");
    await write(socket, nameBatch(chat.id, "m", forgottenAfter));
    const edit = { type: "EditMessage", uuid: "edit-old", chatId: chat.id, seq: 1, body: "new" };
    const first = await done(socket, edit);
    assert.equal(first.rev, 1);
    await write(socket, nameBatch(chat.id, "n", forgottenAfter));
    assert.deepEqual(await done(socket, { ...edit, body: "newer" }), { ...first, duplicate: true });
    assert.deepEqual(await socket.say(chat.id, "old"), { ...sent, duplicate: true });
    const deletion = await done(socket, { type: "DeleteMessage", chatId: chat.id, seq: 2 });
    assert.equal(deletion.rev, 2);
    const { items } = await readHistory(stage.base, ann, chat.id);
    assert.deepEqual([items[0]?.body, items[1]?.body], ["new", ""]);
  },

  async "what is so already is acked and takes no rev"(stage) {
    const { ann, bob } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "already");
    const socket = await stage.open(ann);
    const { seq } = await socket.say(chat.id, "one");
    const at = { chatId: chat.id, seq };
    for (const frame of [
      { type: "React", ...at, emoji: "🎉" },
      { type: "Pin", ...at },
      { type: "Pin", ...at, remove: true },
      { type: "React", ...at, emoji: "🎉", remove: true },
      { type: "DeleteMessage", ...at },
    ]) {
      const [first, again] = [await done(socket, frame), await done(socket, frame)];
      assert.deepEqual([again.rev, again.duplicate], [first.rev, false], frame.type);
    }
    assert.deepEqual(
      (await heardChanges(socket, chat.id, 5)).map(({ type }) => type),
      ["Reaction", "Pinned", "Pinned", "Reaction", "MessageDeleted"],
    );
  },

  async "what was deleted cannot be changed, and stays where it was"(stage) {
    const { ann, bob } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "deleted");
    const socket = await stage.open(ann);
    const { seq } = await socket.say(chat.id, "gone", "to be gone");
    const at = { chatId: chat.id, seq };
    await done(socket, { type: "React", ...at, emoji: "🎉" });
    await done(socket, { type: "DeleteMessage", ...at });
    for (const frame of [
      { type: "EditMessage", ...at, body: "x" },
      { type: "React", ...at, emoji: "👍" },
      { type: "Pin", ...at },
      { type: "Vote", ...at, options: [0] },
    ]) {
      assert.equal(await refused(socket, frame), "not_found", frame.type);
    }
    const { items } = await readHistory(stage.edge(1), bob, chat.id, seq - 1);
    const { uuid, body, reactions, senderId } = items[0] ?? {};
    assert.deepEqual([uuid, body, reactions, senderId], ["gone", "", {}, ann.userId]);
    assert.deepEqual((await socket.say(chat.id, "gone", "again")).duplicate, true);
  },

  async "by strangers are not_found, wrong ones invalid, and the chat lives on"(stage) {
    const { ann, bob, eve } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "private");
    const [mine, foreign] = [await stage.open(ann), await stage.open(eve)];
    const { seq } = await mine.say(chat.id, "mine");
    const at = { chatId: chat.id, seq };
    const frames: readonly ClientFrame[] = [
      { type: "EditMessage", ...at, body: "x" },
      { type: "DeleteMessage", ...at },
      { type: "React", ...at, emoji: "👍" },
      { type: "Pin", ...at },
      { type: "Vote", ...at, options: [0] },
    ];
    for (const frame of frames) {
      assert.equal(await refused(foreign, frame), "not_found", frame.type);
      assert.equal(await refused(mine, { ...frame, seq: 999_999 }), "not_found", frame.type);
    }
    assert.equal(await refused(mine, { type: "EditMessage", ...at, seq: 1, body: "x" }), "forbidden");
    assert.equal(await refused(mine, { type: "Vote", ...at, options: [0] }), "invalid", "it is no poll");
    const reused = await ask(mine, { ...(frames[0] as ClientFrame), uuid: "mine" });
    assert.equal(reused.type === "Error" ? reused.code : reused.type, "conflict");
    assert.equal((await done(mine, frames[0] as ClientFrame)).rev, 1);
  },

  async "[L3] by REST: edit, delete and react, each answered committed, repeats with the first answer"(
    stage,
  ) {
    const { ann, bob } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "rest");
    const messages = `/v1/chats/${chat.id}/messages`;
    const socket = await stage.open(bob);
    const { seq } = await socket.say(chat.id, "by-socket", "one");
    const headers = { "idempotency-key": "edit-1" };
    for (const [index, body] of ["two", "three"].entries()) {
      const edited = await expect<{ readonly body: string; readonly rev: number }>(
        200,
        stage.edge(index),
        "PATCH",
        `${messages}/${seq}`,
        { token: bob.token, headers, body: { body } },
      );
      assert.deepEqual([edited.body, edited.rev], ["two", 1]);
    }
    const asAnn = (method: string, path: string, body?: object) =>
      request<{ readonly code: string }>(stage.base, method, path, {
        token: ann.token,
        ...(body === undefined ? {} : { body }),
      });
    const reaction = `${messages}/${seq}/reactions/${encodeURIComponent("👩‍👩‍👧")}`;
    for (const method of ["PUT", "PUT", "DELETE", "DELETE"]) {
      assert.equal((await asAnn(method, reaction)).status, 204);
    }
    assert.equal((await asAnn("PUT", `${messages}/${seq}/reactions/no`)).status, 400);
    assert.equal((await asAnn("PATCH", `${messages}/${seq}`, { body: "x" })).body.code, "forbidden");
    assert.equal((await asAnn("DELETE", `${messages}/${seq}`)).status, 204);
    assert.equal((await asAnn("PATCH", `${messages}/${seq}`, { body: "x" })).body.code, "not_found");
    assert.deepEqual(
      (await heardChanges(socket, chat.id, 4)).map(({ type }) => type),
      ["MessageEdited", "Reaction", "Reaction", "MessageDeleted"],
    );
  },
};
