/** Presence as edges meet it: a whole host on real NATS and Postgres, and edges that only say and listen. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openBus, startLiveness } from "@rookery/bus";
import { anyDefinition, startHost } from "@rookery/host";
import { openTestDatabase, ownNatsUrl, until } from "@rookery/kit";
import {
  commandLogName,
  type EdgeBatch,
  encodeInternal,
  type InterestKey,
  type InterestReply,
  parseInternal,
  type PresenceNote,
  type PresenceReply,
  presenceHash,
  shardOf,
  subjects,
} from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { ensureCluster, openStore } from "@rookery/store";
import { userActor } from "@rookery/user";
import { readFacts } from "../src/facts.ts";
import { openPresence } from "../src/presence.ts";

const shards = 4;
const people = 5_000;
const withinMs = 20_000;
const log = openLog("test", { LOG_LEVEL: "silent" });
const [database, url] = [await openTestDatabase(), await ownNatsUrl()];
const store = openStore({ url: database.url, name: "presence test", connectionsMax: 4, log });
await ensureCluster(store, { shards, hashVersion: 1 });
await store.query(
  "insert into users (display_name, created_ms) select 'p' || n, 1 from generate_series(1, $1) as n",
  [people],
);

/** The clock of presence; the host's own runs by itself. */
const clock = { nowMs: 1_000_000 };

async function startWorker(id: string) {
  const bus = await openBus({ url, name: id, log });
  const presence = openPresence({ bus, store, worker: id, log, now: () => clock.nowMs });
  const host = await startHost({
    bus,
    store,
    openLog: () =>
      bus.ensureLog({
        name: commandLogName,
        subjects: [subjects.allCommands],
        bytesMax: 16 * 1024 * 1024,
        replicas: 1,
      }),
    definitions: [anyDefinition(userActor)],
    readFacts,
    attend: presence.attend,
    shards,
    id,
    log,
    observe: () => {},
  });
  await host.settled;
  return {
    async close() {
      await host.close();
      await presence.close();
      await bus.close();
    },
  };
}

async function openEdge(edge: string) {
  const bus = await openBus({ url, name: edge, log });
  const liveness = startLiveness(bus, { role: "edge", id: edge });
  const heard: { notes: PresenceNote[]; messages: number; bytes: number } = {
    notes: [],
    messages: 0,
    bytes: 0,
  };
  const hashes = new Map<number, number>();
  bus.subscribe(subjects.edge(edge), ({ bytes }) => {
    const batch = parseInternal<EdgeBatch>(bytes);
    const notes = batch.shards.flatMap(({ presences }) => presences ?? []);
    for (const { shard, presence } of batch.shards) if (presence !== undefined) hashes.set(shard, presence);
    if (notes.length === 0) return;
    heard.notes.push(...notes);
    heard.messages += 1;
    heard.bytes = Math.max(heard.bytes, bytes.length);
  });
  /** Of each shard, all that was said: no answer means it was not taken, and then it is said again, whole. */
  const told = new Map<number, { version: number; whole: boolean; readonly keys: Set<InterestKey> }>();
  const toldOf = (shard: number) => {
    const found = told.get(shard) ?? { version: 0, whole: true, keys: new Set<InterestKey>() };
    told.set(shard, found);
    return found;
  };
  return {
    edge,
    heard,
    hashes,
    /** Says what is added and removed, one update a shard; resolves with how those are that are watched anew. */
    async say(add: readonly InterestKey[], remove: readonly InterestKey[] = []): Promise<PresenceNote[]> {
      const of = (keys: readonly InterestKey[], shard: number): InterestKey[] =>
        keys.filter((key) => shardOf("user", Number(key.split(":")[1]), shards) === shard);
      const asked = new Set(add.map((key) => Number(key.split(":")[1])));
      const replies = await Promise.all(
        Array.from({ length: shards }, (_, shard) => {
          const state = toldOf(shard);
          for (const key of of(add, shard)) state.keys.add(key);
          for (const key of of(remove, shard)) state.keys.delete(key);
          return until(
            async () => {
              const { whole } = state;
              const version = (state.version += 1);
              state.whole = true;
              const parts = whole
                ? { add: [...state.keys], remove: [] }
                : { add: of(add, shard), remove: of(remove, shard) };
              const bytes = await bus
                .request(subjects.interest(shard), encodeInternal({ edge, version, whole, ...parts }), {
                  timeoutMs: 2_000,
                })
                .catch(() => null);
              state.whole = bytes === null;
              return bytes === null ? null : parseInternal<InterestReply>(bytes);
            },
            { withinMs },
          );
        }),
      );
      const notes = replies.flatMap((reply) => reply?.presences ?? []);
      return notes.filter(([userId]) => asked.has(userId));
    },
    /** A new owner knows nothing: what is said next is all there is. */
    forgetVersions: () => told.clear(),
    async ask(userId: number): Promise<PresenceNote | undefined> {
      const subject = subjects.presence(shardOf("user", userId, shards));
      const query = encodeInternal({ userIds: [userId] });
      const bytes = await until(() => bus.request(subject, query, { timeoutMs: 2_000 }), { withinMs });
      return parseInternal<PresenceReply>(bytes).presences[0];
    },
    reset: () => Object.assign(heard, { notes: [], messages: 0, bytes: 0 }),
    async close() {
      liveness.close();
      await bus.close();
    },
  };
}

const keys = (kind: "user" | "away" | "presence"): InterestKey[] =>
  Array.from({ length: people }, (_, index) => `${kind}:${index + 1}` as const);

/** Whoever is asked looks first at what was said before. */
async function looked(): Promise<void> {
  const seen = new Set<number>();
  for (let userId = 1; seen.size < shards; userId += 1) {
    const shard = shardOf("user", userId, shards);
    if (!seen.has(shard)) await two.ask(userId);
    seen.add(shard);
  }
}

const worker = await startWorker("presence-1");
const [one, two, watcher] = [await openEdge("p-one"), await openEdge("p-two"), await openEdge("p-watch")];
const open = new Set([worker, one, two, watcher]);
after(async () => {
  for (const each of open) await each.close();
  await store.end();
  await database.close();
});

test("five thousand people come, reconnect to another edge at once and go: a few messages, and no reconnect is told", async () => {
  clock.nowMs += 10_000;
  assert.equal((await watcher.say(keys("presence"))).length, people, "all offline, each told once");
  await one.say(keys("user"));
  await until(() => watcher.heard.notes.length === people, { withinMs });
  const { messages, bytes } = watcher.heard;
  assert.ok(messages <= 2 * shards, `${messages} messages`);
  assert.ok(bytes < 512 * 1024, `${bytes} bytes`);

  watcher.reset();
  await Promise.all([one.say([], keys("user")), two.say(keys("user"))]);
  clock.nowMs += 10_000;
  // A change behind the storm: what the storm had to tell came before it.
  await two.say(["away:1"]);
  await until(() => watcher.heard.notes.length > 0, { withinMs });
  assert.deepEqual(
    watcher.heard.notes.map(([userId, status]) => [userId, status]),
    [[1, "away"]],
  );

  watcher.reset();
  await two.say([], [...keys("user"), "away:1"]);
  await looked();
  clock.nowMs += 9_999;
  assert.equal((await one.ask(7))?.[1], "online");
  clock.nowMs += 1;
  await until(() => watcher.heard.notes.length === people, { withinMs });
  assert.ok(watcher.heard.notes.every(([, status]) => status === "offline"));
  assert.ok(watcher.heard.messages <= 2 * shards, `${watcher.heard.messages} messages`);
  assert.equal((await one.ask(7))?.[1], "offline");
  const written = async () => {
    const { rows } = await store.query<{ ms: number; users: number }>(
      "select last_seen_ms as ms, count(*) as users from users where last_seen_ms is not null group by 1",
    );
    return rows.length === 1 && rows[0]?.users === people && rows[0].ms === clock.nowMs - 10_000;
  };
  await until(written, { withinMs, what: "when all were last seen" });
});

test("[L5] what each edge was told is told again as a hash; a user on two edges is away when both say so", async () => {
  await one.say(["user:3", "away:3"]);
  await two.say(["user:3"]);
  await until(async () => (await one.ask(3))?.[1] === "online", { withinMs });
  await two.say(["away:3"]);
  await until(async () => (await one.ask(3))?.[1] === "away", { withinMs });
  const hashOf = (shard: number): number =>
    presenceHash(
      Array.from({ length: people }, (_, index) => index + 1)
        .filter((userId) => shardOf("user", userId, shards) === shard)
        .map((userId) => [userId, userId === 3 ? "away" : "offline"] as const),
    );
  watcher.hashes.clear();
  await until(() => watcher.hashes.size === shards, { withinMs });
  for (const [shard, hash] of watcher.hashes) assert.equal(hash, hashOf(shard));
});

test("an edge that dies takes its people with it, also where it was the only one to say that they are there", async () => {
  await one.say(["user:9"]);
  await until(async () => (await two.ask(9))?.[1] === "online", { withinMs });
  watcher.reset();
  open.delete(one);
  await one.close();
  // Heard as gone within a second or so; then the ten seconds begin.
  await until(
    async () => {
      clock.nowMs += 1_000;
      return (await two.ask(9))?.[1] === "offline";
    },
    { withinMs },
  );
  const told = () => watcher.heard.notes.filter(([userId]) => userId === 9).map(([, status]) => status);
  await until(() => told().includes("offline"), { withinMs });
  // That they came may be told only now.
  assert.deepEqual(told().slice(-1), ["offline"]);
  assert.equal(told().filter((status) => status === "offline").length, 1);
});

test("a new owner hears it all from the edges, and after ten seconds knows who has gone meanwhile", async () => {
  await two.say(["user:20", "user:21"]);
  await until(async () => (await two.ask(21))?.[1] === "online", { withinMs });
  open.delete(worker);
  await worker.close();
  const next = await startWorker("presence-2");
  open.add(next);
  two.forgetVersions();
  watcher.forgetVersions();
  watcher.reset();
  // User 21 has gone while nobody listened.
  await two.say(["user:20"]);
  assert.deepEqual(
    (await watcher.say(["presence:20", "presence:21"])).map(([userId, status]) => [userId, status]),
    [[20, "online"]],
    "of the other nothing is known yet",
  );
  assert.equal(await two.ask(21), undefined);
  clock.nowMs += 10_000;
  await until(() => watcher.heard.notes.some(([userId, status]) => userId === 21 && status === "offline"), {
    withinMs,
  });
  assert.equal((await two.ask(20))?.[1], "online");
});
