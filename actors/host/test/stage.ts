/** A commit loop on a real database, with everything around it recorded. */
import { after } from "node:test";
import { openTestDatabase, until } from "@rookery/kit";
import type { Event, LoggedCommand, Reply } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import {
  adoptLog,
  claimShards,
  ensureCluster,
  inTransaction,
  listShards,
  openStore,
  type Queryable,
  type Store,
} from "@rookery/store";
import { CommitLoop } from "../src/commit-loop.ts";
import { Shard } from "../src/shard.ts";
import { lineDefinitions, readWord, wordTable } from "./line.ts";
import { openGate, type Gate } from "./gate.ts";

const logId = "log-1";
const withinMs = 15_000;
const shards = 4;

export interface Stage {
  /** Not by way of the gate. */
  readonly store: Store;
  /** Between the loop and Postgres. */
  readonly gate: Gate;
  /** What was warned of, and errors. */
  readonly warnings: readonly string[];
  readonly deposed: readonly Shard[];
  /** Told, in order. */
  readonly events: readonly Event[];
  /** Shards of each release, in order. */
  readonly releases: readonly (readonly number[])[];
  claim(id: number): Promise<Shard>;
  /** One message of the log: commands that wait for their replies. @returns their refs. */
  feed(shard: Shard, ...commands: Partial<LoggedCommand>[]): number[];
  /** The reply to each ref, when all are there. */
  replies(refs: readonly number[]): Promise<Reply[]>;
  isAnswered(ref: number): boolean;
  /** How often the loop has read the facts. */
  readonly factReads: number;
  /** Tells the loop that the facts have changed. */
  renewFacts(): void;
  /** The loop waits for Postgres no more, as one that has to stop. */
  giveUp(): void;
  /** Ends the loop and starts another, that remembers nothing. Shards have to be claimed again. */
  restart(): Promise<void>;
  /** Runs `work` while nobody can commit the shard, and once the loop waits for that. */
  whileLocked(shard: Shard, start: () => void, work: (db: Queryable) => Promise<void>): Promise<void>;
}

/** A command to chat `id`; the uuid is what it is known by. */
export function say(id: number, uuid: string, body = uuid): Partial<LoggedCommand> {
  const command = { kind: "send", messageKind: "text", body } as const;
  return { actor: { kind: "chat", id }, uuid, command };
}

/** @param earlyMin one: whatever comes is decided at once, also while a commit is in flight */
export async function openStage(earlyMin = 1): Promise<Stage> {
  const database = await openTestDatabase();
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const warnings: string[] = [];
  const note = (...said: unknown[]) => void warnings.push(JSON.stringify(said));
  Object.assign(log, { warn: note, error: note });
  const gate = await openGate(database.url);
  const store = openStore({ url: database.url, name: "test", connectionsMax: 4, log });
  const loopStore = openStore({ url: gate.url, name: "loop", connectionsMax: 4, log });
  await ensureCluster(store, { shards, hashVersion: 1 });
  await store.query(wordTable);

  const answers = new Map<number, Reply>();
  const events: Event[] = [];
  const releases: number[][] = [];
  const deposed: Shard[] = [];
  let [refs, seq, factReads] = [0, 0, 0];
  const startLoop = (): CommitLoop =>
    new CommitLoop({
      store: loopStore,
      definitions: new Map(lineDefinitions.map((each) => [each.kind, each])),
      readFacts: (db) => {
        factReads += 1;
        return readWord(db);
      },
      log,
      observe: () => {},
      earlyMin,
      release(plan) {
        releases.push(plan.shards.map(({ shard }) => shard.id));
        for (const each of plan.shards) {
          events.push(...each.events);
          for (const { ref, reply } of each.replies) {
            if (answers.has(ref)) throw new Error(`${ref} was answered twice`);
            answers.set(ref, reply);
          }
        }
      },
      deposed: (shard) => {
        deposed.push(shard);
        void loop.remove(shard);
      },
    });
  let loop = startLoop();
  after(async () => {
    gate.open();
    await loop.close();
    await Promise.all([store.end(), loopStore.end()]);
    await gate.close();
    await database.close();
  });

  return {
    store,
    gate,
    warnings,
    deposed,
    events,
    releases,
    async claim(id) {
      const seen = (await listShards(store, "log")).filter((row) => row.id === id);
      const [row] = await claimShards(store, "log", seen, "loop");
      if (row === undefined) throw new Error(`shard ${id} was not to be had`);
      if (row.logId === null) await adoptLog(store, row, { logId, appliedSeq: 0 });
      const shard = new Shard({ ...row, logId, floodUntilMs: 0 });
      loop.add(shard);
      return shard;
    },
    feed(shard, ...commands) {
      seq += 1;
      const full = commands.map(
        (command) => ({ senderId: 1, source: "ws", ref: (refs += 1), ...command }) as LoggedCommand,
      );
      const batch = { edge: "edge-0", commands: full };
      shard.receive({ seq, timeMs: 1_000 + seq, msgId: `m-${seq}`, bytesSize: 1 }, batch);
      loop.wake();
      return full.map(({ ref }) => ref ?? 0);
    },
    replies: (asked) =>
      until(
        () => {
          const found = asked.flatMap((ref) => answers.get(ref) ?? []);
          return found.length === asked.length ? found : null;
        },
        { withinMs, what: `replies to ${asked.join()}` },
      ) as Promise<Reply[]>,
    giveUp: () => loop.giveUp(),
    isAnswered: (ref) => answers.has(ref),
    get factReads() {
      return factReads;
    },
    renewFacts: () => loop.renewFacts(),
    async restart() {
      await loop.close();
      loop = startLoop();
    },
    whileLocked: (shard, start, work) =>
      inTransaction(store, async (db) => {
        await db.query("select from shard where kind = 'log' and id = $1 for update", [shard.id]);
        start();
        await until(async () => (await waiting(store)) > 0, { withinMs, what: "the loop waits" });
        await work(db);
      }),
  };
}

/** Connections of the loop that wait for a lock. */
async function waiting(store: Store): Promise<number> {
  const { rows } = await store.query<{ waiting: number }>(
    `select count(*) as waiting from pg_stat_activity
     where datname = current_database() and application_name = 'loop' and wait_event_type = 'Lock'`,
  );
  return rows[0]?.waiting ?? 0;
}

/** The bodies of a chat's messages, in order. @throws Error when there are gaps. */
export async function bodiesOf(store: Store, chatId: number): Promise<string[]> {
  const { rows } = await store.query<{ seq: number; body: string }>(
    "select seq, body from message where chat_id = $1 order by seq",
    [chatId],
  );
  for (const [index, { seq }] of rows.entries()) {
    if (seq !== index + 1) throw new Error(`message ${index + 1} of chat ${chatId} is missing`);
  }
  return rows.map(({ body }) => body);
}

/** `[seq, duplicate]` of replies to what was sent; the fault's code of those refused. */
export function brief(replies: readonly Reply[]): (readonly [number, boolean] | string)[] {
  return replies.map((reply) => {
    if (reply.kind === "refused") return reply.fault.code;
    return reply.outcome.kind === "sent" ? [reply.outcome.seq, reply.duplicate] : reply.outcome.kind;
  });
}

/** Where a shard stands in Postgres. */
export async function appliedSeqOf(store: Store, shard: Shard): Promise<number> {
  const row = (await listShards(store, "log")).find(({ id }) => id === shard.id);
  if (row === undefined) throw new Error("no such shard");
  return row.appliedSeq;
}
