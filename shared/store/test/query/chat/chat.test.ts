import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chatRevsOf,
  commit,
  directKey,
  listChats,
  linkChat,
  listMembers,
  type MemberRow,
  memberHeads,
  readChanges,
  readChat,
  readHeads,
  readJoinedSeq,
  readMember,
  readMessage,
  readMessages,
  readMessagesBefore,
  readMessagesByTelegram,
  reserveChat,
  type Row,
  toldChatsOfUsers,
} from "../../../src/mod.ts";
import { changeRow, fenceOf, messageRow, nowMs, openTestCluster } from "../../cluster.ts";

const store = await openTestCluster(1);
const [chatId, otherId, endedId, messages] = [5, 6, 7, 25];
await commit(
  store,
  [fenceOf(0)],
  [
    {
      shard: 0,
      rows: [...chatRows(chatId, messages), ...chatRows(otherId, 3), ...chatRows(endedId, 2, nowMs)],
    },
  ],
);

/** Users 1 and 2 from the start, 3 who came after message 20, 4 who has left. */
function chatRows(id: number, headSeq: number, deletedMs: number | null = null): Row[] {
  const member = (userId: number, changes: Partial<MemberRow> = {}): Row => {
    const base = { chatId: id, userId, joinedSeq: 0, joinedMs: nowMs, leftMs: null, rev: 0 };
    return { table: "member", row: { ...base, role: userId === 1 ? "owner" : "member", ...changes } };
  };
  const base = { id, type: "group", title: "tea", rev: 2, createdBy: 1, createdMs: nowMs } as const;
  return [
    { table: "chat", row: { ...base, deletedMs, telegram: null } },
    member(1),
    member(2),
    member(3, { joinedSeq: 20 }),
    member(4, { leftMs: nowMs }),
    ...Array.from({ length: headSeq }, (_, index) =>
      messageRow(id, index + 1, { senderId: 1 + (index % 2), uuid: `${id}-${index}` }),
    ),
    changeRow(id, 1, 2),
    changeRow(id, 2, 3),
  ];
}

const seqs = (found: readonly { readonly seq: number }[]): number[] => found.map(({ seq }) => seq);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

test("one key names one chat, whoever asks and however often at once", async () => {
  const keys = [
    directKey(8, 3),
    directKey(3, 8),
    directKey(3, 9),
    "new:1:u" as const,
    "telegram:9:-100" as const,
  ];
  const ids = await Promise.all(
    keys.flatMap((key) => Array.from({ length: 50 }, () => reserveChat(store, key))),
  );
  const byKey = keys.map((_, index) => new Set(ids.slice(index * 50, index * 50 + 50)));
  for (const found of byKey) assert.equal(found.size, 1);
  assert.deepEqual(byKey[0], byKey[1], "from both sides");
  assert.equal(new Set(ids).size, 4, "different keys, different chats");
  assert.equal(await reserveChat(store, directKey(3, 8)), ids[0]);
});

test("history forward: pages of every size meet exactly, to the end and no further", async () => {
  for (const limit of [1, 2, 7, 24, 25, 26, 100]) {
    const all: number[] = [];
    for (let after = 0; ; ) {
      const page = seqs(await readMessages(store, chatId, { after, limit }));
      assert.deepEqual(page, range(after + 1, Math.min(after + limit, messages)));
      all.push(...page);
      after = page.at(-1) ?? after;
      if (page.length < limit) break;
    }
    assert.deepEqual(all, range(1, messages), `limit ${limit}`);
  }
  assert.deepEqual(seqs(await readMessages(store, chatId, { after: 3, upTo: 6, limit: 100 })), [4, 5, 6]);
  assert.deepEqual(await readMessages(store, chatId, { after: 6, upTo: 6, limit: 100 }), []);
  assert.deepEqual(await readMessages(store, 999, { after: 0, limit: 100 }), []);
});

test("history backward: pages of every size meet exactly, each ascending in itself", async () => {
  for (const limit of [1, 2, 7, 24, 25, 26, 100]) {
    let all: number[] = [];
    for (let before = messages + 1; ; ) {
      const page = seqs(await readMessagesBefore(store, chatId, { before, limit }));
      assert.deepEqual(page, range(Math.max(1, before - limit), before - 1));
      all = [...page, ...all];
      before = page[0] ?? before;
      if (page.length < limit) break;
    }
    assert.deepEqual(all, range(1, messages), `limit ${limit}`);
  }
  assert.deepEqual(await readMessagesBefore(store, chatId, { before: 1, limit: 5 }), []);
});

test("one message is found by its seq, and none beside it", async () => {
  assert.equal((await readMessage(store, chatId, 7))?.body, "no. 7");
  for (const seq of [0, messages + 1]) assert.equal(await readMessage(store, chatId, seq), null);
});

test("changes come in rev order, between two revs", async () => {
  const revs = async (asked: { after: number; upTo?: number; limit: number }): Promise<number[]> =>
    (await readChanges(store, chatId, asked)).map(({ rev }) => rev);
  assert.deepEqual(await revs({ after: 0, limit: 10 }), [1, 2]);
  assert.deepEqual(await revs({ after: 0, limit: 1 }), [1]);
  assert.deepEqual(await revs({ after: 1, limit: 10 }), [2]);
  assert.deepEqual(await revs({ after: 0, upTo: 1, limit: 10 }), [1]);
});

test("a chat is seen by those in it alone, each with their own role and unread", async () => {
  const owner = await readChat(store, 1, chatId);
  assert.deepEqual([owner?.role, owner?.headSeq, owner?.rev, owner?.title], ["owner", messages, 2, "tea"]);
  assert.equal(owner?.lastMessage?.seq, messages);
  assert.equal(owner?.unread, 12, "what others wrote");
  assert.equal((await readChat(store, 3, chatId))?.unread, 5, "what came after they came");
  assert.equal(await readChat(store, 4, chatId), null, "who has left");
  assert.equal(await readChat(store, 9, chatId), null);
  assert.equal(await readChat(store, 1, 999), null);
});

test("a user's chats come in pages by id, and as heads for whoever watches", async () => {
  const ids = async (page: { after: number; limit: number }): Promise<number[]> =>
    (await listChats(store, 2, page)).map(({ id }) => id);
  assert.deepEqual(await ids({ after: 0, limit: 10 }), [5, 6]);
  assert.deepEqual(await ids({ after: 0, limit: 1 }), [5]);
  assert.deepEqual(await ids({ after: 5, limit: 10 }), [6]);

  assert.deepEqual(await chatRevsOf(store, 2), [
    { id: 5, rev: 2 },
    { id: 6, rev: 2 },
  ]);
  assert.deepEqual(await chatRevsOf(store, 4), []);
  assert.deepEqual(
    (await toldChatsOfUsers(store, [4, 2, 1, 2])).map(({ chats }) => chats),
    await Promise.all([4, 2, 1, 2].map((each) => chatRevsOf(store, each))),
  );
  assert.deepEqual(await memberHeads(store, 2, [5, 999]), [{ id: 5, seq: messages, rev: 2 }]);
  assert.deepEqual(await memberHeads(store, 4, [5]), []);
  assert.deepEqual(await readHeads(store, [6, 999]), [{ id: 6, seq: 3, rev: 2, receiptRev: 0 }]);
});

test("a chat is watched for a user from when their feed tells of it", async () => {
  const chatIds = async (): Promise<unknown> => {
    const [told] = await toldChatsOfUsers(store, [2]);
    return [told?.rev, told?.chats.map(({ id }) => id)];
  };
  const before = await chatIds();
  assert.deepEqual(before, [0, [5, 6]]);
  const relay = (id: string, kind: string, target: number, chat: number) =>
    store.query(
      `insert into relay (id, source_shard, target_kind, target_id, command, created_ms)
       values ($1, 0, $2, $3, $4, 0)`,
      [id, kind, target, { kind: "joined", chatId: chat, chatRev: 2 }],
    );
  await relay("theirs", "user", 1, 5);
  await relay("a bot's", "bot", 2, 5);
  assert.deepEqual(await chatIds(), before, "not of this user's feed");
  await relay("under way", "user", 2, 6);
  assert.deepEqual(await chatIds(), [0, [5]]);
  await store.query("delete from relay where id = 'under way'");
  await store.query("insert into user_feed (user_id, rev) values (2, 7)");
  assert.deepEqual(await chatIds(), [7, [5, 6]]);
});

test("a chat that was ended is found by nobody", async () => {
  assert.equal(await readChat(store, 1, endedId), null);
  assert.deepEqual(await memberHeads(store, 1, [endedId]), []);
  assert.equal(await readMember(store, endedId, 1), null);
  assert.deepEqual(await listMembers(store, endedId, { after: 0, limit: 10 }), []);
});

test("members come in pages by id; those who left are none", async () => {
  const ids = async (after: number, limit: number): Promise<number[]> =>
    (await listMembers(store, chatId, { after, limit })).map(({ userId }) => userId);
  assert.deepEqual(await ids(0, 10), [1, 2, 3]);
  assert.deepEqual(await ids(0, 2), [1, 2]);
  assert.deepEqual(await ids(2, 2), [3]);
  assert.equal((await readMember(store, chatId, 1))?.role, "owner");
  for (const userId of [4, 9]) assert.equal(await readMember(store, chatId, userId), null);
  assert.equal(await readJoinedSeq(store, chatId, 3), 20);
  assert.equal(await readJoinedSeq(store, chatId, 4), 0);
});

test("a chat may be known by a second key, unless that names another", async () => {
  const [group, supergroup, other] = ["telegram:9:-70", "telegram:9:-10070", "telegram:9:-71"] as const;
  const id = await reserveChat(store, group);
  await linkChat(store, group, supergroup);
  assert.equal(await reserveChat(store, supergroup), id);
  const otherId = await reserveChat(store, other);
  await linkChat(store, group, other);
  assert.equal(await reserveChat(store, other), otherId);
});

test("messages are found by Telegram's id, the later of two", async () => {
  const id = 80;
  const told = (seq: number, messageId: number): Row =>
    messageRow(id, seq, { uuid: `tg-${seq}`, detail: { telegram: { state: "received", messageId } } });
  const next = fenceOf(0, { fromSeq: 10, toSeq: 11, commitId: 2 });
  await commit(store, [next], [{ shard: 0, rows: [told(1, 11), told(2, 12), told(3, 11)] }]);
  const found = await readMessagesByTelegram(store, [{ chatId: id, messageIds: [11, 12, 13] }]);
  assert.deepEqual(new Set(seqs(found)), new Set([2, 3]));
});
