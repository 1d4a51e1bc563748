/**
 * Cost grows only with work (P5): CPU of the whole cluster for a message, where something is large, against where it is
 * small: more processes, more shards, a longer chat, a bigger chat. Two clusters take turns at the same rate, half of what one of
 * each process can take (P3): nobody has more processes for less. With `--rate 300` a message comes alone, and what it costs is
 * the waking of who is on its way. What they use while nothing is said is in the figure; it is measured first, and told apart
 * beside the figure without it.
 *
 * A process compiles what it does often, and until then a message costs several times as much. So each has had as many messages
 * before anything is measured: both clusters are given enough for the most processes of a role.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import { type Bench, type BenchShape, openBench } from "../bench.ts";
import { type Figure, figureOf, median } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { createProgress, type Progress } from "../progress.ts";
import { report } from "../result.ts";
import { neighbours } from "../scene.ts";
import { clusterSeconds, faultsOf, takeTurn, type Turn, usageOf } from "../turns.ts";

export const growthUsage = `npm run load -- growth [what …] [flags]
  workers edges shards length members   what grows; all of them if none is named
  --rate 5000      messages a second in all, over 50 chats of 4
  --seconds 4      of a round
  --warm 8000      messages of each process before
  --rounds 5       of the small and of the large, in turn
  --length 1000000 messages in the long chats, beside 1,000
  --crowd 100000   members of the big chats, beside 10
${commonUsage}`;

type Dimension = "workers" | "edges" | "shards" | "length" | "members";

interface Case {
  readonly about: string;
  readonly small: Partial<BenchShape>;
  readonly large: Partial<BenchShape>;
}

interface Side {
  readonly name: "small" | "large";
  readonly bench: Bench;
  readonly idleCpuPerSecond: number;
}

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runGrowth(args: readonly string[]): Promise<number> {
  const named = args.filter((each) => Object.hasOwn(dimensions, each)) as Dimension[];
  const config = readFlags(
    args.filter((each) => !Object.hasOwn(dimensions, each)),
    {
      rate: [5_000, 50_000],
      seconds: [4, 600],
      rounds: [5, 100],
      warm: [8_000, 1_000_000],
      length: [1_000_000, 10_000_000],
      crowd: [100_000, 1_000_000],
    },
  );
  if (config.rounds === 0) throw new ConfigError("rounds: at least 1");
  const tell = createProgress();
  const figures: Figure[] = [];
  const rounds: object[] = [];
  const faults: string[] = [];
  for (const dimension of named.length > 0 ? named : (Object.keys(dimensions) as Dimension[])) {
    const found = await measure(dimensions[dimension](config), config, tell);
    figures.push(...found.figures);
    rounds.push(...found.turns.map((turn) => ({ dimension, ...turn })));
    faults.push(...found.faults);
  }
  return await report("growth", config, { figures, rounds, faults });
}

const chats = { count: 50, size: 4 };
/** Enough that every process has something to do; a socket each. */
const warmUnackedMax = 200;
/** After that much work, until idle is idle. */
const settleMs = 2_000;

const dimensions: Readonly<
  Record<Dimension, (config: { readonly length: number; readonly crowd: number }) => Case>
> = {
  workers: () => ({ about: "1 to 8 workers", small: { workers: 1 }, large: { workers: 8 } }),
  edges: () => ({ about: "1 to 4 edges", small: { edges: 1 }, large: { edges: 4 } }),
  shards: () => ({ about: "1 to 64 shards", small: { shards: 1 }, large: { shards: 64 } }),
  length: ({ length }) => ({
    about: `1,000 to ${length.toLocaleString("en")} messages in a chat`,
    small: { prepare: (store, ids) => lengthen(store, ids, 1_000) },
    large: { prepare: (store, ids) => lengthen(store, ids, length) },
  }),
  members: ({ crowd }) => ({
    about: `10 to ${crowd.toLocaleString("en")} members of a chat`,
    small: { prepare: (store, ids) => enlarge(store, ids, 10) },
    large: { prepare: (store, ids) => enlarge(store, ids, crowd) },
  }),
};

async function measure(
  { about, small, large }: Case,
  config: {
    readonly rate: number;
    readonly seconds: number;
    readonly rounds: number;
    readonly warm: number;
  },
  tell: Progress,
): Promise<{ readonly figures: Figure[]; readonly turns: readonly Turn[]; readonly faults: string[] }> {
  const { rate, seconds } = config;
  const processesMax = Math.max(large.workers ?? 1, large.edges ?? 1);
  const sides: Side[] = [];
  const shape = { sockets: chats.count * chats.size, chats: neighbours(chats.count, chats.size) };
  try {
    for (const [name, its] of [
      ["small", small],
      ["large", large],
    ] as const) {
      const bench = await openBench({ ...shape, ...its }, tell);
      const side = { name, bench, idleCpuPerSecond: 0 };
      sides.push(side);
      const pace = { kind: "window", unackedMax: warmUnackedMax } as const;
      await bench.rookery.generator.drive("warm", config.warm * processesMax, pace);
    }
    await sleep(settleMs);
    const idle = await Promise.all(sides.map(({ bench }) => idleOf(bench, seconds)));
    const turns: Turn[] = [];
    for (let round = 1; round <= config.rounds; round++) {
      for (const { name, bench } of sides) {
        const target = { ...bench.rookery, name };
        const pace = { kind: "rate", perSecond: rate } as const;
        const turn = await takeTurn(target, round, { name: `g${round}`, messages: rate * seconds, pace });
        turns.push(turn);
        tell(
          `${about}, ${name} ${round}: ${(clusterSeconds(turn.cpuSeconds) / seconds).toFixed(2)} CPU s a second`,
          true,
        );
      }
    }
    const faults = [...faultsOf(turns)];
    for (const { bench } of sides) faults.push(...(await bench.closeSockets()));
    /** Of each side's rounds, µs a message, less so much of what the side uses while nothing is said. */
    const costsOf = (less: 0 | 1): readonly number[][] =>
      sides.map(({ name }, index) =>
        turns
          .filter(({ target }) => target === name)
          .map(({ cpuSeconds, report: { messages, seconds: took } }) =>
            Math.max(0, ((clusterSeconds(cpuSeconds) - less * (idle[index] ?? 0) * took) * 1e6) / messages),
          ),
      );
    const figureFor = (what: string, [smaller = [], larger = []]: readonly number[][]): Figure =>
      figureOf(
        { goal: "P5", about: what, unit: "CPU µs/msg", better: "less", control: "the small one" },
        larger.map((ours, index) => ({ ours, control: smaller[index] ?? Number.NaN })),
      );
    const [smallCosts = [], largeCosts = []] = costsOf(0);
    const figures = [
      figureFor(about, [smallCosts, largeCosts]),
      figureFor(`${about}, less idle`, costsOf(1)),
      figureOf(
        { goal: "P5", about: `${about}, idle`, unit: "CPU ms/s", better: "less", control: "the small one" },
        [{ ours: (idle[1] ?? 0) * 1_000, control: (idle[0] ?? 0) * 1_000 }],
      ),
    ];
    tell(
      `${about}: ${median(smallCosts).toFixed(0)} and ${median(largeCosts).toFixed(0)} µs a message`,
      true,
    );
    return { figures, turns, faults };
  } finally {
    for (const { bench } of sides) await bench.end();
  }
}

/** CPU seconds a second of a cluster nobody talks to, the generators left out. */
async function idleOf({ rookery }: Bench, seconds: number): Promise<number> {
  const before = await usageOf(rookery.pids());
  const startMs = performance.now();
  await sleep(seconds * 1_000);
  const after = await usageOf(rookery.pids());
  const used = Object.fromEntries(
    Object.keys(after).map((role) => [
      role,
      (after[role]?.cpuSeconds ?? 0) - (before[role]?.cpuSeconds ?? 0),
    ]),
  );
  return (clusterSeconds(used) * 1_000) / (performance.now() - startMs);
}

/** `length` messages in one of the chats, a few in the others. @returns each chat's head. */
async function lengthen(store: Store, ids: readonly number[], length: number): Promise<number[]> {
  const heads = ids.map((_, index) => (index === 0 ? length : 1));
  await store.query(
    `insert into message (chat_id, seq, rev, sender_id, uuid, kind, body, source, ts)
     select chat_id, n, 0, 1, 'old-' || n, 'text', 'of long ago', 'ws', $3
     from unnest($1::bigint[], $2::bigint[]) as c(chat_id, head), generate_series(1, head) as n`,
    [ids, heads, Date.now()],
  );
  return heads;
}

/** One of the chats with so many members more, who are never here. */
async function enlarge(store: Store, ids: readonly number[], members: number): Promise<number[]> {
  await store.query(
    `with person as (
       insert into users (display_name, created_ms) select 'crowd ' || n, $3 from generate_series(1, $2) n returning id
     )
     insert into member (chat_id, user_id, role, joined_seq, joined_ms, rev)
     select $1, id, 'member', 0, $3, 0 from person`,
    [ids[0] ?? 0, Math.max(0, members - chats.size), Date.now()],
  );
  return ids.map(() => 0);
}
