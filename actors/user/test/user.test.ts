import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase } from "@rookery/kit";
import type { AddressedCommand, UserCommand } from "@rookery/protocol";
import type { Decision } from "@rookery/host";
import {
  claimShards,
  commit,
  ensureCluster,
  openStore,
  readFeed,
  type Row,
  type StoreOptions,
} from "@rookery/store";
import { decide, userActor, type UserState } from "../src/mod.ts";

const userId = 7;
const nowMs = 1_700_000_000_000;
/** The seeds of every run, and one that is new each time. */
const seeds = [1, 7, 42, Math.floor(Math.random() * 0xffff)];

type Done = Extract<Decision<UserState>, { kind: "done" }>;

/** An actor has no log; the store's only tells of broken idle connections. */
const log = { warn: () => {} } as unknown as StoreOptions["log"];
const database = await openTestDatabase();
const store = openStore({ url: database.url, name: "user test", connectionsMax: 2, log });
after(async () => {
  await store.end();
  await database.close();
});
await ensureCluster(store, { shards: seeds.length, hashVersion: 1 });
for (const shard of seeds.keys()) await claimShards(store, "log", [{ id: shard, epoch: 0 }], "test");
await store.query("update shard set log_id = 'log'");

function word(kind: UserCommand["kind"], chatId: number, chatRev: number, id = userId): AddressedCommand {
  const actor = { kind: "user", id } as const;
  const uuid = `chat:${chatId}/${chatRev}/user:${id}`;
  return { actor, senderId: 0, uuid, source: "service", command: { kind, chatId, chatRev } };
}

function hear(state: UserState | null, command: AddressedCommand): Done {
  const decision = decide(state, command, nowMs);
  assert.equal(decision.kind, "done");
  return decision;
}

test("[L4] each word from a chat takes the next userRev, is written and told", () => {
  const first = hear(null, word("joined", 5, 0));
  assert.deepEqual(first.state, { userId, rev: 1, chats: new Map([[5, 0]]) });
  assert.deepEqual(first.rows, [
    { table: "userFeed", row: { userId, rev: 1 } },
    { table: "userChange", row: { userId, rev: 1, chatId: 5, chatRev: 0, added: true } },
  ]);
  assert.deepEqual(first.events, [{ kind: "feed", userId, userRev: 1, chatId: 5, added: true }]);
  const second = hear(first.state, word("joined", 6, 3));
  const third = hear(second.state, word("left", 5, 2));
  assert.deepEqual(third.events, [{ kind: "feed", userId, userRev: 3, chatId: 5, added: false }]);
  assert.deepEqual(userActor.positionOf(third.state), { seq: 0, rev: 3, receiptRev: 0 });
});

test("[L3] word heard before, or older than what was heard, changes nothing, however late it comes", () => {
  const { state } = hear(hear(null, word("joined", 5, 0)).state, word("left", 5, 4));
  for (const [kind, rev] of [
    ["joined", 0],
    ["left", 4],
    ["joined", 3],
  ] as const) {
    const late = hear(state, word(kind, 5, rev));
    assert.deepEqual([late.rows, late.events, late.relays], [[], [], []]);
    assert.equal(late.state, state);
    assert.deepEqual(late.outcome, { kind: "noted" });
  }
  // Of another chat an older rev is news.
  assert.equal(hear(state, word("joined", 6, 1)).state.rev, 3);
});

test("[L9] hearing changes no state in place, and the same words give the same feed", () => {
  const chats = new Map([[5, 0]]);
  const state: UserState = Object.freeze({ userId, rev: 1, chats });
  const one = hear(state, word("joined", 6, 0));
  assert.deepEqual(chats, new Map([[5, 0]]));
  assert.deepEqual(hear(state, word("joined", 6, 0)), one);
});

for (const [shard, seed] of seeds.entries()) {
  test(`[L4] words out of order and repeated leave a feed without gaps, the same from its rows (seed ${seed})`, async () => {
    const id = 100 + shard;
    let number = seed;
    const below = (max: number): number => {
      number = (Math.imul(number, 1_103_515_245) + 12_345) >>> 0;
      return (number >>> 8) % max;
    };
    const said = Array.from({ length: 200 }, () => {
      const [chatId, rev] = [1 + below(6), below(30)];
      return word(rev % 2 === 0 ? "joined" : "left", chatId, rev, id);
    });
    let state: UserState | null = null;
    const rows: Row[] = [];
    for (const command of said) {
      const heard = hear(state, command);
      ({ state } = heard);
      rows.push(...heard.rows);
    }
    const newest = new Map<number, number>();
    for (const { command } of said) {
      const { chatId, chatRev } = command as UserCommand;
      newest.set(chatId, Math.max(chatRev, newest.get(chatId) ?? 0));
    }
    assert.deepEqual(new Map(state?.chats), newest);

    const fence = { shard, epoch: 1, logId: "log", fromSeq: 0, toSeq: 1, commitId: 1 };
    await commit(store, [{ ...fence, toMsgId: null, toMs: nowMs, factVersion: null }], [{ shard, rows }]);
    assert.deepEqual((await userActor.load(store, [id, 8])).get(id), state);
    assert.deepEqual(
      await userActor.heads(store, [id, 8]),
      new Map([[id, { seq: 0, rev: state?.rev, receiptRev: 0 }]]),
    );
    const feed = await readFeed(store, id, { after: 0, limit: 1_000 });
    assert.deepEqual(
      feed.map(({ rev }) => rev),
      feed.map((_, index) => index + 1),
    );
    assert.equal(feed.length, state?.rev);
  });
}
