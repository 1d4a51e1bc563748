/**
 * Receipts: a chat of a thousand, where everybody reads every message and everybody is told. Counts the rows written, by
 * Postgres' own count, and the frames that come to the sockets, against a row and a frame for each.
 *
 * In turn with a bare server that does it one by one, so that the naive count of frames is one that was seen, too.
 */
import { startCluster } from "@rookery/kit";
import { ConfigError } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import { createChat, type User } from "../client.ts";
import { type Crowd, type CrowdCounts, openCrowd } from "../crowd.ts";
import { type Figure, figureOf } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { addPeople, openClusterStore } from "../people.ts";
import { readUsage } from "../process-usage.ts";
import { createProgress, type Progress } from "../progress.ts";
import { report } from "../result.ts";
import { countReceiptWrites, readWatermarks } from "../receipt-rows.ts";
import { startControl } from "./control.ts";

interface Row {
  readonly target: string;
  readonly spreadMs: number;
  readonly messages: number;
  readonly counts: CrowdCounts;
  /** Rows written; of a bare server, which writes none, what one by one would have been. */
  readonly rows: number;
  /** Of the processes that serve sockets. */
  readonly cpuSeconds: number;
  /** One by one over what was seen. */
  readonly fewerRows: number;
  readonly fewerFrames: number;
}

/** A row and a frame for so many receipts at least: twenty times fewer in a chat of a thousand (GOALS P6). */
const fewerPerMember = 20 / 1_000;
/** A million frames each. */
const controlMessages = 1;
const body = "x".repeat(120);

export const receiptsUsage = `npm run load -- receipts [flags]
  --members 1000   people in the chat, a socket each
  --messages 10    of a round; everybody reads each
  --spread 0 --spread 1000   a round each: milliseconds within which they read it
  --edges 1 --workers 1      of the cluster it starts
${commonUsage}`;

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runReceipts(args: readonly string[]): Promise<number> {
  const config = readConfig(args);
  const tell = createProgress();
  const cluster = await startCluster({ edges: config.edges, workers: config.workers });
  const store = await openClusterStore(cluster.dataDir);
  const bare = await startControl();
  const crowds: Crowd[] = [];
  try {
    const people = await addPeople(store, cluster.dataDir, config.members);
    const [owner, ...others] = people;
    const base = cluster.edges[0] ?? "";
    const chat = await createChat(base, owner as User, others, "crowd");
    tell(`a chat of ${people.length}`, true);
    const ids = people.map(({ id }) => id);
    const edgeOf = (index: number): string => cluster.edges[index % cluster.edges.length] ?? base;
    const ours = await openCrowd(
      chat,
      ids,
      people.map(({ token }, index) => ({ base: edgeOf(index), token })),
    );
    const theirs = await openCrowd(
      { id: 1, headSeq: 0 },
      ids,
      ids.map((id) => ({ base: bare.url, token: `1-${id}` })),
    );
    crowds.push(ours, theirs);
    const rows: Row[] = [];
    const faults: string[] = [];
    for (const spreadMs of config.spread) {
      const round = { spreadMs, messages: config.messages, members: config.members, tell };
      rows.push(await measure({ name: "rookery", crowd: ours, pids: cluster.pids.edge, store }, round));
      faults.push(...(await wrongWatermarks(store, chat.id, people, ours.seq)));
      const once = { ...round, messages: controlMessages };
      rows.push(await measure({ name: "one by one", crowd: theirs, pids: [bare.pid], store: null }, once));
    }
    faults.push(
      ...crowds.flatMap((crowd) => crowd.faults),
      ...shortfalls(rows, config.members * fewerPerMember),
    );
    return await report("receipts", config, { figures: figuresOf(rows), rounds: rows, faults });
  } finally {
    await Promise.all(crowds.map((crowd) => crowd.close()));
    await bare.close();
    await store.end();
    await cluster.close();
  }
}

async function measure(
  target: {
    readonly name: string;
    readonly crowd: Crowd;
    readonly pids: readonly number[];
    readonly store: Store | null;
  },
  round: {
    readonly spreadMs: number;
    readonly messages: number;
    readonly members: number;
    readonly tell: Progress;
  },
): Promise<Row> {
  const { name, crowd, pids, store } = target;
  const { spreadMs, messages, members, tell } = round;
  const rowsBefore = store === null ? 0 : await countReceiptWrites(store);
  const before = crowd.counts;
  const cpuBefore = await cpuOf(pids);
  for (let index = 0; index < messages && crowd.faults.length === 0; index++) {
    await crowd.readOne(body, spreadMs);
    tell(`${name}, within ${spreadMs} ms: ${index + 1} of ${messages} messages read by all ${members}`);
  }
  const cpuSeconds = (await cpuOf(pids)) - cpuBefore;
  const counts = difference(crowd.counts, before);
  tell(`${name}: waiting for Postgres' counts`, true);
  const rows = store === null ? counts.reads : (await countReceiptWrites(store)) - rowsBefore;
  return {
    target: name,
    spreadMs,
    messages,
    counts,
    rows,
    cpuSeconds,
    fewerRows: counts.reads / rows,
    fewerFrames: (counts.reads * members) / counts.frames,
  };
}

function difference(after: CrowdCounts, before: CrowdCounts): CrowdCounts {
  return {
    reads: after.reads - before.reads,
    frames: after.frames - before.frames,
    marks: after.marks - before.marks,
    bytes: after.bytes - before.bytes,
  };
}

async function cpuOf(pids: readonly number[]): Promise<number> {
  const usages = await Promise.all(pids.map(readUsage));
  return usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

/** Members whom Postgres does not know to have read all. */
async function wrongWatermarks(
  store: Store,
  chatId: number,
  people: readonly User[],
  seq: number,
): Promise<string[]> {
  const marks = await readWatermarks(store, chatId);
  const wrong = people.filter(({ id }) => marks.get(id) !== seq);
  return wrong.length === 0 ? [] : [`Postgres has ${wrong.length} members short of ${seq}`];
}

function shortfalls(rows: readonly Row[], fewerMin: number): string[] {
  return rows
    .filter(({ target }) => target === "rookery")
    .flatMap(({ spreadMs, fewerRows, fewerFrames }) =>
      Math.min(fewerRows, fewerFrames) >= fewerMin
        ? []
        : [`within ${spreadMs} ms: not ${fewerMin} times fewer rows and frames`],
    );
}

function figuresOf(rows: readonly Row[]): readonly Figure[] {
  return rows
    .filter(({ target }) => target === "rookery")
    .flatMap(({ spreadMs, fewerRows, fewerFrames }) => {
      const when = spreadMs === 0 ? "all at once" : `within ${spreadMs} ms`;
      const figure = { goal: "P6", unit: "times", better: "more" } as const;
      return [
        figureOf({ ...figure, about: `read ${when}: fewer rows than one by one` }, [{ ours: fewerRows }]),
        figureOf({ ...figure, about: `read ${when}: fewer frames than one by one` }, [{ ours: fewerFrames }]),
      ];
    });
}

/** @throws ConfigError */
function readConfig(args: readonly string[]) {
  const numbers = {
    members: [1_000, 5_000],
    messages: [10, 10_000, 1],
    edges: [1, 16, 1],
    workers: [1, 16, 1],
  } as const;
  const config = readFlags(args, numbers, { spread: [[0, 1_000], 60_000] });
  if (config.members < 2) throw new ConfigError("a chat needs two members at least");
  return config;
}
