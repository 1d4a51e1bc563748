/** What becomes of messages and members: told live, once, in one order, and again by Sync to whoever was away. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { catchUp } from "./catch-up.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import type { ChangeFrame, ChatBody, ClientFrame, FrameOf } from "./frame.ts";
import { orderFaults } from "./order-check.ts";
import { createDirect, createGroup, expect, type Person, readHistory, register, request } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";
import { nameBatch, write } from "./writer.ts";

/** More than an actor keeps at hand while it is idle, and more outcomes than it remembers. */
const forgottenAfter = 200;
const rounds = 4;

const changeTypes = new Set([
  "MessageEdited",
  "MessageDeleted",
  "Reaction",
  "Pinned",
  "Voted",
  "MemberChanged",
  "ChatUpdated",
]);

/** The changes of a chat that a socket was told live, in order of arrival. */
function changesOf(socket: Socket, chatId: number): ChangeFrame[] {
  return socket.journal.filter(
    (frame): frame is ChangeFrame =>
      changeTypes.has(frame.type) && "chatId" in frame && frame.chatId === chatId,
  );
}

let asked = 0;

/** Sends a command under a uuid of its own and waits for what is answered to it. */
async function ask(socket: Socket, frame: ClientFrame): Promise<FrameOf<"Ack"> | FrameOf<"Error">> {
  const uuid = `change-${++asked}`;
  let next = socket.journal.length;
  socket.send({ uuid, ...frame });
  return await socket.when(`answer to ${frame.type}`, () => {
    for (; next < socket.journal.length; next += 1) {
      const answer = socket.journal[next];
      if (answer?.type !== "Ack" && answer?.type !== "Error") continue;
      if (answer.uuid === (frame["uuid"] ?? uuid)) return answer;
    }
    return undefined;
  });
}

/** As `ask`, where anything but an Ack ends the test. */
async function done(socket: Socket, frame: ClientFrame): Promise<FrameOf<"Ack">> {
  const answer = await ask(socket, frame);
  if (answer.type === "Error") throw new Error(`${frame.type}: ${answer.code}: ${answer.message}`);
  return answer;
}

async function refused(socket: Socket, frame: ClientFrame): Promise<string> {
  const answer = await ask(socket, frame);
  if (answer.type === "Ack") throw new Error(`${frame.type} was not refused: ${JSON.stringify(answer)}`);
  return answer.code;
}

/** The changes up to `rev`, as soon as the socket has them. */
async function heardChanges(socket: Socket, chatId: number, rev: number): Promise<readonly ChangeFrame[]> {
  return await socket.when(`change ${rev} of chat ${chatId}`, () => {
    const seen = changesOf(socket, chatId);
    return seen.some((frame) => frame.rev >= rev) ? seen : undefined;
  });
}

describe("changes", () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;
  let carl: Person;
  let eve: Person;

  before(async () => {
    cluster = await openCluster({ edges: 2, workers: 2 });
    [ann, bob, carl, eve] = (await Promise.all(
      ["ann", "bob", "carl", "eve"].map((name) => register(cluster.base, name)),
    )) as [Person, Person, Person, Person];
  });
  after(() => cluster?.close());

  const edge = (index: number): string => cluster.edges[index % 2] as string;
  const change = (person: Person, method: string, path: string, body?: object) =>
    request<{ readonly code: string }>(cluster.base, method, path, {
      token: person.token,
      ...(body === undefined ? {} : { body }),
    });

  for (const format of ["json", "proto"] as const) {
    describe(`by ${format}`, () => {
      it("[L4] are heard by every device of everybody, once, in one order, and are what history shows", async () => {
        const chat = await createGroup(cluster.base, ann, [bob, carl], "changes");
        const sockets = await Promise.all(
          [ann, ann, bob, bob, carl].map(({ token }, index) =>
            openSocket({ base: edge(index), token, format: index % 2 === 0 ? format : "json" }),
          ),
        );
        const [one, , two, , three] = sockets as [Socket, Socket, Socket, Socket, Socket];
        const { seq } = await one.say(chat.id, `edited-${format}`, "first");
        const gone = (await two.say(chat.id, `deleted-${format}`, "to be gone")).seq;
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
        await expect(200, cluster.base, "PATCH", `/v1/chats/${chat.id}`, {
          token: ann.token,
          body: { title: "renamed" },
        });
        const last = 9;
        const heard = await Promise.all(sockets.map((socket) => heardChanges(socket, chat.id, last)));
        assert.deepEqual(
          heard[0]?.map(({ rev }) => rev),
          Array.from({ length: last }, (_, index) => index + 1),
        );
        for (const seen of heard) assert.deepEqual(seen, heard[0]);

        const { items } = await readHistory(cluster.base, carl, chat.id);
        const first = items.find((message) => message.seq === seq);
        assert.equal(first?.body, "second");
        assert.equal(first?.pinned, true);
        assert.deepEqual(Object.keys(first?.reactions ?? {}), ["👍"]);
        assert.deepEqual(
          [...(first?.reactions["👍"] ?? [])].sort((a, b) => a - b),
          [bob.userId, carl.userId].sort((a, b) => a - b),
        );
        assert.ok((first?.editedAt ?? 0) > 0);
        const tombstone = items.find((message) => message.seq === gone);
        assert.equal(tombstone?.body, "");
        assert.ok((tombstone?.deletedAt ?? 0) > 0);
        const { title } = await expect<ChatBody>(200, cluster.base, "GET", `/v1/chats/${chat.id}`, {
          token: bob.token,
        });
        assert.equal(title, "renamed");

        for (const rev of [0, 4, last]) {
          const away = await openSocket({ base: edge(rev), token: carl.token, format, resume: true });
          const missed = await catchUp(away, chat.id, { seq: pollSeq, rev });
          assert.deepEqual(missed.changes, heard[0]?.slice(rev), `Sync from rev ${rev}`);
          assert.equal(missed.rev, last);
          await away.close();
        }
        await Promise.all(sockets.map((socket) => socket.close()));
      });

      it("[L3] reach messages long forgotten, and repeats get the first answer", async () => {
        const chat = await createDirect(cluster.base, ann, await register(cluster.base, "fay"));
        const socket = await openSocket({ base: edge(1), token: ann.token, format });
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
        const beyond = { type: "EditMessage", chatId: chat.id, seq: 999_999, body: "x" };
        assert.equal(await refused(socket, beyond), "not_found");
        const { items } = await readHistory(cluster.base, ann, chat.id);
        assert.deepEqual([items[0]?.body, items[1]?.body], ["new", ""]);
        await socket.close();
      });

      it("[L4] who is removed hears nothing of what comes after, and everything before, also while many write", async () => {
        const chat = await createGroup(cluster.base, ann, [bob, carl], "evicted");
        const sockets = await Promise.all(
          [ann, bob, carl, carl].map(({ token }, index) =>
            openSocket({ base: edge(index), token, format: index === 2 ? format : "json" }),
          ),
        );
        const [writer, other, ...evicted] = sockets as [Socket, Socket, ...Socket[]];
        for (let round = 0; round < rounds; round += 1) {
          const from = evicted.map((socket) => socket.journal.length);
          const writing = Promise.all(
            [writer, other].map((socket, index) =>
              write(socket, nameBatch(chat.id, `r${round}-${index}`, 100)),
            ),
          );
          await evicted[0]?.when("a message of this round", () =>
            evicted[0]?.journal.slice(from[0]).some(({ type }) => type === "Message") ? true : undefined,
          );
          const members = `/v1/chats/${chat.id}/members/${carl.userId}`;
          assert.equal((await change(ann, "DELETE", members)).status, 204);
          await writing;
          for (const [index, socket] of evicted.entries()) {
            await socket.frame("ChatRemoved", ({ chatId }) => chatId === chat.id, {
              after: from[index] ?? 0,
            });
            await socket.ping();
            const frames = socket.journal
              .slice(from[index])
              .filter((frame) => "chatId" in frame && frame.chatId === chat.id);
            const end = frames.findIndex(
              (frame) => frame.type === "MemberChanged" && frame.userId === carl.userId,
            );
            const rest = frames.slice(end + 1).map(({ type }) => type);
            if (end >= 0) assert.deepEqual(rest, ["ChatRemoved"]);
            const { rev } = (await heardChanges(writer, chat.id, 2 * round + 1)).find(
              (frame) => frame.rev === 2 * round + 1,
            ) as ChangeFrame;
            const seen = frames.filter((frame) => frame.type === "Message");
            assert.ok(seen.every((message) => message.rev < rev));
            const first = seen[0]?.seq as number;
            const range = { first, last: seen.at(-1)?.seq as number };
            assert.deepEqual(orderFaults("the removed", seen, range), []);
            assert.equal(
              await refused(socket, { type: "SendMessage", chatId: chat.id, body: "x" }),
              "not_found",
            );
          }
          assert.equal((await change(carl, "GET", `/v1/chats/${chat.id}/messages`)).status, 404);
          const again = evicted.map((socket) => socket.journal.length);
          await expect(200, cluster.base, "POST", `/v1/chats/${chat.id}/invite`, {
            token: ann.token,
            body: { userIds: [carl.userId] },
          });
          const { seq } = await writer.say(chat.id, `back-${round}`);
          for (const [index, socket] of evicted.entries()) {
            const after = again[index] ?? 0;
            await socket.frame("ChatAdded", (frame) => frame.chat.id === chat.id, { after });
            await socket.frame("Message", (frame) => frame.chatId === chat.id && frame.seq === seq, {
              after,
            });
          }
        }
        await Promise.all(sockets.map((socket) => socket.close()));
      });

      it("of another's chat are not_found, wrong ones invalid, and the chat lives on", async () => {
        const chat = await createGroup(cluster.base, ann, [bob], "private");
        const [mine, foreign] = await Promise.all(
          [ann, eve].map(({ token }) => openSocket({ base: edge(0), token, format })),
        );
        assert.ok(mine !== undefined && foreign !== undefined);
        const { seq } = await mine.say(chat.id, `mine-${format}`);
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
          assert.equal(await refused(mine, { ...frame, seq: 0 }), "invalid", frame.type);
          assert.equal(await refused(mine, { ...frame, chatId: 0 }), "invalid", frame.type);
          assert.equal(await refused(mine, { ...frame, seq: 999_999 }), "not_found", frame.type);
        }
        const wrong: readonly (readonly [ClientFrame, string])[] = [
          [{ type: "EditMessage", ...at, body: "x".repeat(16_385) }, "too_large"],
          [{ type: "EditMessage", ...at, seq: 1, body: "x" }, "forbidden"],
          [{ type: "React", ...at, emoji: "__proto__" }, "invalid"],
          [{ type: "React", ...at, emoji: "" }, "invalid"],
          [{ type: "React", ...at, emoji: "👍".repeat(9) }, "invalid"],
          [{ type: "Vote", ...at, options: [0] }, "invalid"],
          [{ type: "Vote", ...at }, "invalid"],
          [{ type: "Vote", ...at, options: [20] }, "invalid"],
          [{ type: "SendMessage", chatId: chat.id, body: "", kind: "poll" }, "invalid"],
          [
            { type: "SendMessage", chatId: chat.id, body: "", poll: { question: "?", options: ["a"] } },
            "invalid",
          ],
          [
            { type: "SendMessage", chatId: chat.id, body: "", location: { latitude: 91, longitude: 0 } },
            "invalid",
          ],
        ];
        for (const [frame, code] of wrong) {
          assert.equal(await refused(mine, frame), code, JSON.stringify(frame).slice(0, 200));
        }
        const reused = await ask(mine, { ...(frames[0] as ClientFrame), uuid: `mine-${format}` });
        assert.equal(reused.type === "Error" ? reused.code : reused.type, "conflict");
        assert.equal((await done(mine, frames[0] as ClientFrame)).rev, 1);
        await Promise.all([mine.close(), foreign.close()]);
      });
    });
  }

  it("an owner who leaves passes the chat on; the next may end it for all, and then nobody finds it", async () => {
    const chat = await createGroup(cluster.base, ann, [bob, carl], "ending");
    const path = `/v1/chats/${chat.id}`;
    // Of two who came at once the one with the lower id comes first.
    const [heir, other] = bob.userId < carl.userId ? [bob, carl] : [carl, bob];
    const sockets = await Promise.all(
      [ann, heir, other].map(({ token }, index) => openSocket({ base: edge(index), token })),
    );
    const [anns, heirs] = sockets as [Socket, Socket, Socket];
    assert.equal((await change(heir, "DELETE", `${path}?forAll=true`)).body.code, "forbidden");
    assert.equal((await change(ann, "DELETE", path)).status, 204);
    await anns.frame("ChatRemoved", ({ chatId }) => chatId === chat.id);
    const owner = await heirs.frame("MemberChanged", (frame) => frame.change === "role");
    assert.deepEqual([owner.userId, owner.role], [heir.userId, "owner"]);
    assert.equal((await change(ann, "GET", path)).status, 404);
    assert.equal(
      (await change(heir, "PATCH", `${path}/members/${other.userId}`, { role: "admin" })).status,
      200,
    );
    assert.equal((await change(eve, "PATCH", path, { title: "mine" })).body.code, "not_found");
    assert.equal((await change(heir, "DELETE", `${path}?forAll=true`)).status, 204);
    for (const socket of sockets.slice(1)) {
      await socket.frame("ChatRemoved", ({ chatId }) => chatId === chat.id);
      assert.equal(await refused(socket, { type: "SendMessage", chatId: chat.id, body: "x" }), "not_found");
    }
    for (const person of [ann, bob, carl]) {
      for (const part of ["", "/members", "/messages"]) {
        assert.equal((await change(person, "GET", `${path}${part}`)).status, 404, part);
      }
    }
    await Promise.all(sockets.map((socket) => socket.close()));
  });

  it("[L3] by REST: edit, delete, react and rename, each answered committed, repeats with the first answer", async () => {
    const chat = await createGroup(cluster.base, ann, [bob], "rest");
    const messages = `/v1/chats/${chat.id}/messages`;
    const socket = await openSocket({ base: edge(1), token: bob.token });
    const { seq } = await socket.say(chat.id, "by-socket", "one");
    const headers = { "idempotency-key": "edit-1" };
    for (const body of ["two", "three"]) {
      const edited = await expect<{ readonly body: string; readonly rev: number }>(
        200,
        cluster.base,
        "PATCH",
        `${messages}/${seq}`,
        { token: bob.token, headers, body: { body } },
      );
      assert.deepEqual([edited.body, edited.rev], ["two", 1]);
    }
    const reaction = `${messages}/${seq}/reactions/${encodeURIComponent("👩‍👩‍👧")}`;
    for (const method of ["PUT", "PUT", "DELETE", "DELETE"]) {
      assert.equal((await change(ann, method, reaction)).status, 204);
    }
    assert.equal((await change(ann, "PUT", `${messages}/${seq}/reactions/no`)).status, 400);
    assert.equal((await change(ann, "PATCH", `${messages}/${seq}`, { body: "x" })).body.code, "forbidden");
    assert.equal((await change(ann, "DELETE", `${messages}/${seq}`)).status, 204);
    assert.equal((await change(bob, "PATCH", `${messages}/${seq}`, { body: "x" })).body.code, "not_found");
    const seen = await heardChanges(socket, chat.id, 4);
    assert.deepEqual(
      seen.map(({ type }) => type),
      ["MessageEdited", "Reaction", "Reaction", "MessageDeleted"],
    );
    await socket.close();
  });
});
