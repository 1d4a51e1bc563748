/** The chat's actor on real rows: what it decides, it finds again. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { openTestDatabase, seeds } from "@rookery/kit";
import type { AddressedCommand, ChatCommand, Message, Outcome } from "@rookery/protocol";
import {
  claimShards,
  commit,
  ensureCluster,
  listMembers,
  openStore,
  readChanges,
  readMessages,
  type Row,
  type StoreOptions,
} from "@rookery/store";
import { chatActor, type ChatState, decide } from "../src/mod.ts";
import { nothingRecent } from "../src/recollection.ts";
import { done, nowMs } from "./command.ts";
import { applyChange } from "./reader.ts";
import { makeHistory } from "./history.ts";

/** An actor has no log; the store's only tells of broken idle connections. */
const log = { warn: () => {} } as unknown as StoreOptions["log"];
const commandsPerCommit = 7;

const database = await openTestDatabase();
const store = openStore({ url: database.url, name: "chat test", connectionsMax: 2, log });
after(async () => {
  await store.end();
  await database.close();
});
/** One beside those of the histories. */
const crowdShard = seeds.length;
await ensureCluster(store, { shards: crowdShard + 1, hashVersion: 1 });
for (const shard of [...seeds.keys(), crowdShard])
  await claimShards(store, "log", [{ id: shard, epoch: 0 }], "test");
await store.query("update shard set log_id = 'log'");

interface Walked {
  readonly state: ChatState | null;
  readonly messages: readonly Message[];
  readonly outcomes: ReadonlyMap<string, { readonly command: AddressedCommand; readonly outcome: Outcome }>;
}

/** The old messages that a batch is about, read as a host reads them; now and then everything is forgotten first. */
async function recollect(
  known: ChatState | null,
  batch: readonly AddressedCommand[],
): Promise<ChatState | null> {
  const { memory } = chatActor;
  if (known === null || memory === undefined) return known;
  const state = memory.trim({ ...known, recent: nothingRecent });
  const keys = [...new Set(batch.flatMap((command) => memory.missing(state, command)))];
  const found = await memory.fetch(store, [{ actorId: state.id, keys }]);
  return memory.learn(state, found.get(state.id) ?? []);
}

/** As a host does it: a name that has an outcome is not decided again, and rows are committed by the batch. */
async function walk(shard: number, history: readonly AddressedCommand[]): Promise<Walked> {
  const outcomes = new Map<string, { command: AddressedCommand; outcome: Outcome }>();
  const told = new Map<number, Message>();
  let state: ChatState | null = null;
  let seq = 0;
  for (let from = 0; from < history.length; from += commandsPerCommit) {
    const rows: Row[] = [];
    const batch = history.slice(from, from + commandsPerCommit);
    state = await recollect(state, batch);
    for (const [index, command] of batch.entries()) {
      const name = `${command.senderId}:${command.uuid}`;
      if (command.uuid !== "" && outcomes.has(name)) continue;
      const decision = decide(state, command, nowMs + from + index);
      if (decision.kind === "refused") continue;
      ({ state } = decision);
      rows.push(...decision.rows);
      for (const event of decision.events) {
        if (event.kind === "message") told.set(event.seq, event.message);
        else if (event.kind === "change") applyChange(told, event.frame, decision.outcome);
      }
      if (decision.rows.length > 0 && command.uuid !== "")
        outcomes.set(name, { command, outcome: decision.outcome });
    }
    const fence = { shard, epoch: 1, logId: "log", fromSeq: seq, toSeq: seq + 1, commitId: seq + 1 };
    const done = await commit(
      store,
      [{ ...fence, toMsgId: null, toMs: nowMs, factVersion: null }],
      [{ shard, rows }],
    );
    assert.deepEqual([...done], [shard]);
    seq += 1;
  }
  return { state, messages: [...told.values()], outcomes };
}

for (const [shard, seed] of seeds.entries()) {
  describe(`a chat read from its rows (seed ${seed})`, async () => {
    const chatId = 5 + shard;
    const actor = { kind: "chat", id: chatId } as const;
    const walked = await walk(
      shard,
      makeHistory(seed, 200).map((command) => ({ ...command, actor })),
    );

    test("is the chat that was decided", async () => {
      const loaded = (await chatActor.load(store, [chatId, 999])).get(chatId) ?? null;
      const byId = (one: [number, unknown], other: [number, unknown]): number => one[0] - other[0];
      const sorted = (state: ChatState | null) =>
        state && {
          ...state,
          recent: null,
          members: [...state.members].toSorted(byId),
          settings: {
            about: state.settings.about,
            traits: [...state.settings.traits].toSorted(byId),
            links: [...state.settings.links].toSorted(([one], [other]) => (one < other ? -1 : 1)),
            requests: [...state.settings.requests].toSorted(byId),
          },
          acl: [...state.acl].toSorted(([one], [other]) => (one < other ? -1 : 1)),
          receipts: {
            ...state.receipts,
            // Known from the rows, of which a chat that nobody has read in has none.
            rev: state.receipts.size === 0 ? 0 : state.receipts.rev,
            blocks: state.receipts.blocks.map((block) => [...block].toSorted(byId)),
          },
        };
      assert.deepEqual(sorted(loaded), sorted(walked.state));
    });

    test("[L3] answers every name with its first outcome, and no other name", async () => {
      const names = [...walked.outcomes.values()].map(({ command }) => command);
      const asked = names.map(({ senderId, uuid }) => ({ actorId: chatId, senderId, uuid }));
      const strangers = asked.map((name) => ({ ...name, senderId: name.senderId + 100 }));
      const elsewhere = asked.map((name) => ({ ...name, actorId: 998 }));
      const found = await chatActor.recall(store, [...asked, ...strangers, ...elsewhere]);
      assert.equal(found.length, asked.length);
      for (const { actorId, senderId, uuid, outcome } of found) {
        assert.equal(actorId, chatId);
        assert.deepEqual(outcome, walked.outcomes.get(`${senderId}:${uuid}`)?.outcome);
      }
    });

    test("[L4] holds the messages that were told, and stands where they end", async () => {
      assert.deepEqual(await readMessages(store, chatId, { after: 0, limit: 1_000 }), walked.messages);
      const changes = await readChanges(store, chatId, { after: 0, limit: 1_000 });
      assert.deepEqual(
        changes.map(({ rev }) => rev),
        changes.map((_, index) => index + 1),
      );
      const heads = await chatActor.heads(store, [chatId, 999]);
      const receiptRev = walked.state?.receipts.rev ?? 0;
      const head = walked.state && { seq: walked.messages.length, rev: changes.length, receiptRev };
      assert.deepEqual(heads.get(chatId) ?? null, head);
      assert.deepEqual(walked.state && chatActor.positionOf(walked.state), head);
      assert.equal(heads.has(999), false);
    });
  });
}

test("a crowd's receipts stay in as many rows when most have left: whoever wakes then reads and writes the same ones", async () => {
  const actor = { kind: "chat", id: 4 } as const;
  const userIds = Array.from({ length: 1_500 }, (_, index) => index + 1);
  let [state, seq, sent]: [ChatState | null, number, number] = [null, 0, 0];
  const decideAll = async (...commands: (readonly [senderId: number, command: ChatCommand])[]) => {
    const rows: Row[] = [];
    for (const [senderId, command] of commands) {
      const uuid = command.kind === "mark" ? "" : `c-${(sent += 1)}`;
      const decision = done(decide(state, { actor, senderId, uuid, source: "ws", command }, nowMs));
      ({ state } = decision);
      rows.push(...decision.rows);
    }
    const fence = {
      shard: crowdShard,
      epoch: 1,
      logId: "log",
      fromSeq: seq,
      toSeq: seq + 1,
      commitId: seq + 1,
    };
    const full = { ...fence, toMsgId: null, toMs: nowMs, factVersion: null };
    assert.equal((await commit(store, [full], [{ shard: crowdShard, rows }])).size, 1);
    seq += 1;
  };
  const wake = async () => {
    state = (await chatActor.load(store, [actor.id])).get(actor.id) ?? null;
  };
  const markOf = (userId: number, readSeq: number) => ({ userId, deliveredSeq: readSeq, readSeq });
  const members = userIds.map((userId) => ({ userId, role: "member" }) as const);
  await decideAll([1, { kind: "create", birth: { type: "group", title: "t", members } }]);
  await decideAll([0, { kind: "mark", marks: userIds.map((userId) => markOf(userId, 1)) }]);
  await decideAll(...userIds.slice(0, 600).map((userId) => [userId, { kind: "leave" }] as const));
  await wake();
  await decideAll([0, { kind: "mark", marks: [markOf(1_000, 300), markOf(1_001, 300)] }]);
  await wake();
  await decideAll([0, { kind: "mark", marks: [markOf(1_002, 400)] }]);
  const listed = await listMembers(store, actor.id, { after: 998, limit: 5 });
  assert.deepEqual(
    listed.map(({ userId, readSeq }) => [userId, readSeq]),
    [
      [999, 1],
      [1_000, 300],
      [1_001, 300],
      [1_002, 400],
      [1_003, 1],
    ],
  );
});
