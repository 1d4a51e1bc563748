/** A database with shards that somebody owns, for tests of what owners do. */
import { after } from "node:test";
import { openTestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import {
  claimShards,
  type ChangeRow,
  ensureCluster,
  type Fence,
  listShards,
  type MessageRow,
  openStore,
  type Ownership,
  type Row,
  type Store,
} from "../src/mod.ts";

export const logId = "log-1";
export const nowMs = 1_700_000_000_000;
const connectionsMax = 12;

/** Closed at the end of the file. */
export async function openTestStore(): Promise<{ readonly store: Store; readonly url: string }> {
  const database = await openTestDatabase();
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const store = openStore({ url: database.url, name: "store test", connectionsMax, log });
  after(async () => {
    await store.end();
    await database.close();
  });
  return { store, url: database.url };
}

/** `shards` log shards, all claimed under epoch 1 and at offset 0. */
export async function openTestCluster(shards: number): Promise<Store> {
  const { store } = await openTestStore();
  await ensureCluster(store, { shards, hashVersion: 1 });
  await claimShards(store, "log", await listShards(store, "log"), "first owner");
  await store.query("update shard set log_id = $1", [logId]);
  return store;
}

/** The first commit of a shard after `openTestCluster`, unless told otherwise. */
export function fenceOf(shard: number, changes: Partial<Fence> = {}): Fence {
  const first = {
    epoch: 1,
    logId,
    fromSeq: 0,
    toSeq: 10,
    commitId: 1,
    toMsgId: "m-10",
    toMs: nowMs,
    factVersion: null,
  };
  return { shard, ...first, ...changes };
}

export async function shardRow(store: Store, id: number): Promise<Ownership> {
  const found = (await listShards(store, "log")).find((row) => row.id === id);
  if (found === undefined) throw new Error(`there is no shard ${id}`);
  return found;
}

/** A new one. */
export function messageRow(chatId: number, seq: number, changes: Partial<MessageRow> = {}): Row {
  return { table: "message", row: messageOf(chatId, seq, changes) };
}

/** One that is there already. */
export function messageChangeRow(chatId: number, seq: number, changes: Partial<MessageRow>): Row {
  return { table: "messageChange", row: messageOf(chatId, seq, changes) };
}

function messageOf(chatId: number, seq: number, changes: Partial<MessageRow>): MessageRow {
  const row: MessageRow = {
    chatId,
    seq,
    rev: 0,
    senderId: 1,
    uuid: `u-${seq}`,
    kind: "text",
    body: `no. ${seq}`,
    detail: null,
    source: "ws",
    ts: nowMs,
    editedAt: null,
    deletedAt: null,
  };
  return { ...row, ...changes };
}

/** It cannot be written twice without a complaint. */
export function changeRow(chatId: number, rev: number, userId = 1): Row {
  const frame: ChangeRow["frame"] = {
    type: "MemberChanged",
    chatId,
    rev,
    userId,
    role: "member",
    change: "joined",
  };
  return { table: "change", row: { chatId, rev, frame } };
}

/** The numbers of the messages a chat has. */
export async function seqsOf(store: Store, chatId: number): Promise<number[]> {
  const { rows } = await store.query<{ seq: number }>(
    "select seq from message where chat_id = $1 order by seq",
    [chatId],
  );
  return rows.map((row) => row.seq);
}

/** How many connections of this database wait for a lock. */
export async function waitingForLock(store: Store): Promise<number> {
  const { rows } = await store.query<{ waiting: number }>(
    "select count(*) as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows[0]?.waiting ?? 0;
}
