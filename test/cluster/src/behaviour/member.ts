/** Who is in a chat, and as what: told live in one order; who is out hears no more. */
import assert from "node:assert/strict";
import type { ChangeFrame } from "@rookery/kit";
import { done, heardChanges, refused } from "../answer.ts";
import { orderFaults } from "../order-check.ts";
import { createDirect, createGroup, expect, type Person, request } from "../rest.ts";
import type { Socket } from "../socket.ts";
import { nameBatch, write } from "../writer.ts";
import type { Behaviours, Stage } from "./stage.ts";

const rounds = 2;

/** A request by somebody: its status, and its code where it is refused. */
async function code(
  stage: Stage,
  person: Person,
  method: string,
  path: string,
  body?: object,
): Promise<string | number> {
  const answer = await request<{ readonly code?: string } | undefined>(stage.base, method, path, {
    token: person.token,
    ...(body === undefined ? {} : { body }),
  });
  return answer.body?.code ?? answer.status;
}

export const member: Behaviours = {
  async "[L4] who is removed hears everything before and nothing after, also while many write"(stage) {
    const { ann, bob, carl } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob, carl], "evicted");
    const sockets = await Promise.all(
      [ann, bob, carl, carl].map((person, index) => stage.open(person, { base: stage.edge(index) })),
    );
    const [writer, other, ...evicted] = sockets as [Socket, Socket, ...Socket[]];
    for (let round = 0; round < rounds; round += 1) {
      const from = evicted.map((socket) => socket.journal.length);
      const writing = Promise.all(
        [writer, other].map((socket, index) => write(socket, nameBatch(chat.id, `r${round}-${index}`, 100))),
      );
      await evicted[0]?.frame("Message", ({ chatId }) => chatId === chat.id, { after: from[0] ?? 0 });
      const members = `/v1/chats/${chat.id}/members/${carl.userId}`;
      assert.equal(await code(stage, ann, "DELETE", members), 204);
      await writing;
      const { rev } = (await heardChanges(writer, chat.id, 2 * round + 1)).find(
        (frame) => frame.rev === 2 * round + 1,
      ) as ChangeFrame;
      for (const [index, socket] of evicted.entries()) {
        const after = from[index] ?? 0;
        await socket.frame("ChatRemoved", ({ chatId }) => chatId === chat.id, { after });
        await socket.ping();
        const frames = socket.journal
          .slice(after)
          .filter((frame) => "chatId" in frame && frame.chatId === chat.id);
        const end = frames.findIndex(
          (frame) => frame.type === "MemberChanged" && frame.userId === carl.userId,
        );
        if (end >= 0) {
          assert.deepEqual(
            frames.slice(end + 1).map(({ type }) => type),
            ["ChatRemoved"],
          );
        }
        const seen = frames.filter((frame) => frame.type === "Message");
        assert.ok(seen.every((message) => message.rev < rev));
        const range = { first: seen[0]?.seq as number, last: seen.at(-1)?.seq as number };
        assert.deepEqual(orderFaults("the removed", seen, range), []);
        const knock = { type: "SendMessage", chatId: chat.id, body: "x" };
        assert.equal(await refused(socket, knock), "not_found");
      }
      assert.equal(await code(stage, carl, "GET", `/v1/chats/${chat.id}/messages`), "not_found");
      const again = evicted.map((socket) => socket.journal.length);
      const invitation = { token: ann.token, body: { userIds: [carl.userId] } };
      await expect(200, stage.base, "POST", `/v1/chats/${chat.id}/invite`, invitation);
      const { seq } = await writer.say(chat.id, `back-${round}`);
      for (const [index, socket] of evicted.entries()) {
        const after = again[index] ?? 0;
        await socket.frame("ChatAdded", (frame) => frame.chat.id === chat.id, { after });
        await socket.frame("Message", (frame) => frame.chatId === chat.id && frame.seq === seq, { after });
      }
    }
  },

  async "an owner who leaves passes the chat on; the next may end it for all, and then nobody finds it"(
    stage,
  ) {
    const { ann, bob, carl, eve } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob, carl], "ending");
    const path = `/v1/chats/${chat.id}`;
    // Of two who came at once the one with the lower id comes first.
    const [heir, other] = bob.userId < carl.userId ? [bob, carl] : [carl, bob];
    const [anns, heirs, others] = [await stage.open(ann), await stage.open(heir), await stage.open(other)];
    assert.equal(await code(stage, heir, "DELETE", `${path}?forAll=true`), "forbidden");
    assert.equal(await code(stage, ann, "DELETE", path), 204);
    await anns.frame("ChatRemoved", ({ chatId }) => chatId === chat.id);
    const owner = await heirs.frame("MemberChanged", (frame) => frame.change === "role");
    assert.deepEqual([owner.userId, owner.role], [heir.userId, "owner"]);
    assert.equal(await code(stage, ann, "GET", path), "not_found");
    assert.equal(await code(stage, eve, "DELETE", `${path}?forAll=true`), "not_found");
    assert.equal(await code(stage, heir, "DELETE", `${path}?forAll=true`), 204);
    for (const socket of [heirs, others]) {
      await socket.frame("ChatRemoved", ({ chatId }) => chatId === chat.id);
      assert.equal(await refused(socket, { type: "SendMessage", chatId: chat.id, body: "x" }), "not_found");
    }
    for (const person of [ann, bob, carl]) {
      for (const part of ["", "/members", "/messages"]) {
        assert.equal(await code(stage, person, "GET", `${path}${part}`), "not_found", part);
      }
    }
  },

  async "roles say who may do what, and a new role is heard by all"(stage) {
    const { ann, bob, carl, dora } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob, carl, dora], "roles");
    const path = `/v1/chats/${chat.id}`;
    const [anns, bobs, carls] = [await stage.open(ann), await stage.open(bob), await stage.open(carl)];
    const give = (by: Person, to: Person, role: string) =>
      code(stage, by, "PATCH", `${path}/members/${to.userId}`, { role });
    const { seq } = await anns.say(chat.id, "pinned-later");
    const at = { chatId: chat.id, seq };

    assert.equal(await refused(bobs, { type: "Pin", ...at }), "forbidden");
    assert.equal(await refused(bobs, { type: "DeleteMessage", ...at }), "forbidden");
    assert.equal(await code(stage, bob, "PATCH", path, { title: "no" }), "forbidden");
    assert.equal(await give(bob, carl, "reader"), "forbidden");
    assert.equal(await give(ann, bob, "admin"), 200);
    for (const socket of [anns, bobs, carls]) {
      const { role } = await socket.frame("MemberChanged", (frame) => frame.userId === bob.userId);
      assert.equal(role, "admin");
    }
    await done(bobs, { type: "Pin", ...at });
    assert.equal(await give(bob, carl, "reader"), 200);
    assert.equal(await refused(carls, { type: "SendMessage", chatId: chat.id, body: "x" }), "forbidden");
    await done(carls, { type: "React", ...at, emoji: "🙈" });
    assert.equal(await give(bob, ann, "member"), "forbidden");
    assert.equal(await give(bob, dora, "owner"), "forbidden");
    assert.equal(await code(stage, bob, "DELETE", `${path}/members/${ann.userId}`), "forbidden");
    assert.equal(await code(stage, bob, "DELETE", `${path}/members/${dora.userId}`), 204);
    await done(bobs, { type: "DeleteMessage", ...at });
    assert.equal(await give(ann, bob, "owner"), 200);
    assert.equal(await give(ann, bob, "member"), "forbidden", "who passed it on leads no more");
    assert.equal(await give(bob, dora, "member"), "not_found", "who is out has no role");
  },

  async "in a channel the owner and admins speak, readers hear and react"(stage) {
    const { ann, bob } = stage.cast;
    const chat = await expect<{ id: number }>(201, stage.base, "POST", "/v1/chats", {
      token: ann.token,
      body: { type: "channel", memberIds: [bob.userId], title: "news" },
    });
    const [anns, bobs] = [await stage.open(ann), await stage.open(bob)];
    const { seq } = await anns.say(chat.id, "news");
    await bobs.frame("Message", (frame) => frame.chatId === chat.id && frame.seq === seq);
    assert.equal(await refused(bobs, { type: "SendMessage", chatId: chat.id, body: "x" }), "forbidden");
    await done(bobs, { type: "React", chatId: chat.id, seq, emoji: "👍" });
  },

  async "nobody comes into a direct chat, and nobody leaves it"(stage) {
    const { ann, carl } = stage.cast;
    const fay = await stage.newcomer("fay");
    const path = `/v1/chats/${(await createDirect(stage.base, ann, fay)).id}`;
    assert.equal(await code(stage, ann, "POST", `${path}/invite`, { userIds: [carl.userId] }), "forbidden");
    assert.equal(await code(stage, ann, "DELETE", path), "forbidden");
    assert.equal(await code(stage, ann, "DELETE", `${path}/members/${fay.userId}`), "forbidden");
    assert.equal(await code(stage, ann, "PATCH", path, { title: "us" }), "forbidden");
  },
};
