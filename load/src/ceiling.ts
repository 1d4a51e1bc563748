/** What the log and the database do by themselves, on the cluster's own servers: no chat can be quicker than both. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { openBus } from "@rookery/bus";
import { readPrivateUrls } from "@rookery/local";
import { openLog } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import { createTimeHistogram, type Percentiles } from "./histogram.ts";

export interface LogCeiling {
  /** Messages a second that are appended one by one, without waiting for each other. */
  measure(messages: number): Promise<number>;
  close(): Promise<void>;
}

const unackedMax = 1_000;
const logBytesMax = 1_024 * 1_024 * 1_024;
/** As large as one command of `drive`, as the edge logs it. */
const command = Buffer.from(
  JSON.stringify({
    edge: "edge-00000000-0000-0000-0000-000000000000",
    commands: [
      {
        actor: { kind: "chat", id: 1_000 },
        senderId: 5_000,
        uuid: "flood-10000",
        source: "ws",
        requestId: "00000000-0000-0000-0000-000000000000",
        command: { kind: "send", body: "x".repeat(120), messageKind: "text" },
        ref: 10_000,
      },
    ],
  }),
);

/** A log of its own beside the cluster's. */
export async function openLogCeiling(dataDir: string): Promise<LogCeiling> {
  const { natsUrl } = await readPrivateUrls(dataDir);
  if (natsUrl === undefined) throw new Error("the cluster has no private NATS");
  const bus = await openBus({ url: natsUrl, name: "load", log: openLog("load", { LOG_LEVEL: "warn" }) });
  await bus.ensureLog({ name: "LOAD", subjects: ["load.*"], bytesMax: logBytesMax, replicas: 1 });
  let sent = 0;
  return {
    async measure(messages) {
      const startMs = performance.now();
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next < messages) {
          next += 1;
          sent += 1;
          await bus.append(`load.${next % 64}`, command, { msgId: `load.${sent}` });
        }
      };
      await Promise.all(Array.from({ length: Math.min(unackedMax, messages) }, lane));
      return (messages * 1_000) / (performance.now() - startMs);
    },
    close: () => bus.close(),
  };
}

const rowsPerInsert = 500;

/** Rows a second into a table like `message`, whose indexes it has, by one connection and one `unnest` at a time. */
export async function measureInserts(store: Store, rows: number): Promise<number> {
  await store.query("create table if not exists load_message (like message including all)", []);
  await store.query("truncate load_message", []);
  const body = "x".repeat(120);
  const startMs = performance.now();
  for (let at = 0; at < rows; at += rowsPerInsert) {
    const seqs = Array.from({ length: Math.min(rowsPerInsert, rows - at) }, (_, index) => at + index);
    await store.query(
      `insert into load_message (chat_id, seq, rev, sender_id, uuid, kind, body, source, ts)
       select n % 1000, n, 0, n % 5000, 'flood-' || n, 'text', $2, 'ws', $3
       from unnest($1::bigint[]) as n`,
      [seqs, body, Date.now()],
    );
  }
  return (rows * 1_000) / (performance.now() - startMs);
}

const blockBytes = 8_192;

/** Times of writing one block of the data folder's disk through to it. */
export async function measureFsync(dataDir: string, writes: number): Promise<Percentiles> {
  const times = createTimeHistogram();
  const file = await open(join(dataDir, "load-fsync"), "w");
  try {
    const block = Buffer.alloc(blockBytes, 1);
    for (let index = 0; index < writes; index++) {
      const startMs = performance.now();
      await file.write(block, 0, blockBytes, 0);
      await file.datasync();
      times.record(performance.now() - startMs);
    }
  } finally {
    await file.close();
  }
  return times.percentiles();
}
