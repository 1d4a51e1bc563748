/**
 * Webhooks: messages of chats that many endpoints hear, as quickly as it goes and at a steady rate, beside bare undici that makes the
 * same POSTs to the same receiver. Every delivery must come, and be written as delivered.
 *
 * The steady rounds come in two, in turn: with one more endpoint that answers, and with one that hangs. What that does to the
 * others is the ratio of their first attempts' p99.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { startCluster, until } from "@rookery/kit";
import type { Store } from "@rookery/store";
import { Agent, request } from "undici";
import { call, connect, type Connection, createChat, eachOf, type User } from "../client.ts";
import { type Figure, figureOf } from "../figure.ts";
import { commonUsage, profiling, readFlags } from "../flags.ts";
import type { Percentiles } from "../histogram.ts";
import { type HookSink, startHookSink } from "../hook-sink.ts";
import { addPeople, openClusterStore } from "../people.ts";
import { createProgress, type Progress } from "../progress.ts";
import { report } from "../result.ts";
import { cpuOf } from "../turns.ts";

const withinMs = 180_000;
/** Messages unacknowledged at once, as quickly as it goes. */
const window = 64;
/** The same POSTs by bare undici: as many at once as an endpoint of ours may have, ten times over. */
const lanes = 100;
const text = "x".repeat(120);
/** The longest there is. */
const hangMs = 30_000;
const settleMs = 20;

interface Round {
  readonly target: string;
  readonly load: string;
  readonly round: number;
  readonly deliveries: number;
  /** Until all had come and were written as delivered. */
  readonly seconds: number;
  readonly perSecond: number;
  /** From the event to the first attempt at its receiver. */
  readonly first: Percentiles;
  readonly repeated: number;
  /** Requests of the one more endpoint. */
  readonly apart: number;
  readonly lost: number;
  /** CPU seconds of the round, by role. */
  readonly usage: Readonly<Record<string, number>>;
}

export const webhooksUsage = `npm run load -- webhooks [flags]
  --endpoints 100  each hears one chat
  --listeners 10   endpoints of a chat: so many deliveries a message makes
  --flood 20000    deliveries of a round that goes as quickly as it can; 0 leaves it out
  --rate 1000      deliveries a second, for
  --seconds 8      in a round, with one more endpoint that answers, and with one that hangs; 0 leaves them out
  --rounds 5       of the cluster and of bare undici, in turn
  --edges 1 --workers 1 --couriers 1   of the cluster it starts
${commonUsage}`;

type Config = ReturnType<typeof readConfig>;

/** @throws ConfigError */
function readConfig(args: readonly string[]) {
  return readFlags(args, {
    endpoints: [100, 900, 1],
    listeners: [10, 100, 1],
    flood: [20_000, 1_000_000],
    rate: [1_000, 50_000, 1],
    seconds: [8, 600],
    rounds: [5, 100, 1],
    edges: [1, 16, 1],
    workers: [1, 16, 1],
    couriers: [1, 16, 1],
  });
}

interface Target {
  readonly name: string;
  /** Makes so many deliveries, due by then or at once; resolves when all are done with. */
  run(deliveries: number, perSecond: number | null): Promise<void>;
}

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runWebhooks(args: readonly string[]): Promise<number> {
  const config = readConfig(args);
  const tell = createProgress();
  const sink = await startHookSink();
  const { edges, workers, couriers } = config;
  const env = { WEBHOOK_ALLOW_PRIVATE: "true", NODE_OPTIONS: profiling(config) };
  const cluster = await startCluster({ edges, workers, couriers, env });
  const store = await openClusterStore(cluster.dataDir);
  const agent = new Agent({ connections: lanes, pipelining: 1 });
  let socket: Connection | undefined;
  try {
    const [owner] = (await addPeople(store, cluster.dataDir, 1)) as [User];
    const base = cluster.edges[0] ?? "";
    const chatIds = await openEndpoints(base, owner, sink.url, config);
    tell(`${config.endpoints} endpoints hear ${chatIds.length} chats`, true);
    const ours = await openOurs(base, owner, { chatIds, store, config, sink });
    socket = ours.socket;
    const bare = openBare(agent, `${sink.url}/bare`);
    const pids = { ...cluster.pids, receiver: [sink.pid], generator: [process.pid] };
    const rounds = await driveRounds([ours, bare], {
      config,
      sink,
      tell,
      pids,
      /** One more endpoint at the first chat, which hangs or does not. */
      async beside(hangs, act) {
        const body = {
          url: `${sink.url}/apart-${hangs ? "hangs" : "answers"}`,
          scope: "chat",
          chatId: chatIds[0],
          events: ["message.created"],
          timeoutMs: hangMs,
        };
        const { token } = owner;
        const { id } = await call<{ id: number }>(base, "POST", "/v1/webhooks", { token, body });
        try {
          return await act();
        } finally {
          await fetch(`${base}/v1/webhooks/${id}`, {
            method: "DELETE",
            headers: { authorization: `Bearer ${token}` },
          });
        }
      },
    });
    const faults = rounds.flatMap(({ target, load, round, lost }) =>
      lost === 0 ? [] : [`${target} ${load} ${round}: ${lost} deliveries did not come`],
    );
    return await report("webhooks", config, { figures: figuresOf(rounds, config), rounds, faults });
  } finally {
    await socket?.close();
    await agent.close();
    await store.end();
    await cluster.close();
    await sink.close();
  }
}

async function openEndpoints(
  base: string,
  owner: User,
  url: string,
  { endpoints, listeners }: Config,
): Promise<number[]> {
  const { token } = owner;
  return await eachOf(Array.from({ length: Math.ceil(endpoints / listeners) }), 4, async (_, index) => {
    const { id: chatId } = await createChat(base, owner, [], `heard ${index}`);
    for (let nth = 0; nth < Math.min(listeners, endpoints - index * listeners); nth++) {
      const settings = { scope: "chat", chatId, events: ["message.created"] };
      const body = { url: `${url}/${index}-${nth}`, ...settings };
      await call(base, "POST", "/v1/webhooks", { token, body });
    }
    return chatId;
  });
}

async function openOurs(
  base: string,
  owner: User,
  on: {
    readonly chatIds: readonly number[];
    readonly store: Store;
    readonly config: Config;
    readonly sink: HookSink;
  },
): Promise<Target & { readonly socket: Connection }> {
  const { chatIds, store, config, sink } = on;
  let [sent, acked] = [0, 0];
  const socket = await connect(base, owner.token, {
    frame({ type, code }) {
      if (type === "Error") throw new Error(`a message was refused: ${code}`);
      if (type === "Ack") acked += 1;
    },
    close: (code) => {
      throw new Error(`the socket was closed with ${code}`);
    },
  });
  const run = process.pid.toString(36);
  const isWritten = async (): Promise<boolean> => {
    const { rows } = await store.query(
      `select from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id
       where d.state = 'pending' and e.deleted_ms is null and e.url not like '%/apart%' limit 1`,
    );
    return rows.length === 0;
  };
  return {
    name: "rookery",
    socket,
    async run(deliveries, perSecond) {
      const messages = Math.ceil(deliveries / config.listeners);
      const startMs = performance.now();
      for (let count = 0; count < messages; ) {
        const due =
          perSecond === null
            ? count + window - (sent - acked)
            : Math.floor(((performance.now() - startMs) * perSecond) / config.listeners / 1_000);
        for (; count < Math.min(due, messages); count += 1) {
          sent += 1;
          socket.send(`${run}-${sent}`, chatIds[sent % chatIds.length] as number, text);
        }
        await sleep(1);
      }
      const all = messages * config.listeners;
      await until(async () => (await sink.read()).distinct >= all, { withinMs, what: `${all} deliveries` });
      while (!(await isWritten())) await sleep(settleMs);
    },
  };
}

/** Bodies of the size of ours, headers as ours; nothing is stored and nothing signed. */
function openBare(dispatcher: Agent, url: string): Target {
  const rest = JSON.stringify({ chatId: 1, seq: 1, body: text, chat: { id: 1, title: "heard 1" } }).padEnd(
    520,
  );
  let posted = 0;
  const post = async (): Promise<void> => {
    const body = `{"type":"message.created","timestamp":"${new Date().toISOString()}","data":${rest}}`;
    const answer = await request(url, {
      method: "POST",
      dispatcher,
      body,
      headers: {
        "content-type": "application/json",
        "user-agent": "bare",
        "webhook-id": `bare_${(posted += 1)}`,
        "webhook-timestamp": String(Math.floor(Date.now() / 1_000)),
        "webhook-signature": `v1,${"A".repeat(43)}=`,
      },
    });
    await answer.body.dump();
  };
  return {
    name: "undici",
    async run(deliveries, perSecond) {
      if (perSecond === null) {
        await eachOf(Array.from({ length: deliveries }), lanes, post);
        return;
      }
      const startMs = performance.now();
      const posts: Promise<void>[] = [];
      while (posts.length < deliveries) {
        const due = Math.min(deliveries, Math.floor(((performance.now() - startMs) * perSecond) / 1_000));
        while (posts.length < due) posts.push(post());
        await sleep(1);
      }
      await Promise.all(posts);
    },
  };
}

async function driveRounds(
  targets: readonly Target[],
  on: {
    readonly config: Config;
    readonly sink: HookSink;
    readonly tell: Progress;
    readonly pids: Readonly<Record<string, readonly number[]>>;
    readonly beside: <T>(hangs: boolean, act: () => Promise<T>) => Promise<T>;
  },
): Promise<Round[]> {
  const { config, sink, tell, pids, beside } = on;
  const rounds: Round[] = [];
  const drive = async (target: Target, load: string, round: number, pace: number | null): Promise<void> => {
    const wanted = pace === null ? config.flood : pace * config.seconds;
    const deliveries = Math.ceil(wanted / config.listeners) * config.listeners;
    await sink.clear();
    const before = await cpuOf(pids);
    const startMs = performance.now();
    await target.run(deliveries, pace);
    const seconds = (performance.now() - startMs) / 1_000;
    const usage = await cpuOf(pids, before);
    const { distinct, repeated, first, apart } = await sink.read();
    const [perSecond, lost] = [distinct / seconds, deliveries - distinct];
    rounds.push({
      target: target.name,
      load,
      round,
      deliveries,
      seconds,
      perSecond,
      first,
      repeated,
      apart,
      lost,
      usage,
    });
    tell(
      `${target.name} ${load} ${round}: ${perSecond.toFixed(0)}/s, p99 ${first.p99Ms.toFixed(0)} ms`,
      true,
    );
  };
  for (const target of targets) {
    await target.run(config.endpoints, null);
    tell(`${target.name} has begun`);
  }
  for (let round = 1; round <= config.rounds && config.flood > 0; round++) {
    for (const target of targets) await drive(target, "most", round, null);
  }
  const [ours, bare] = targets as [Target, Target];
  for (let round = 1; round <= config.rounds && config.seconds > 0; round++) {
    const pace = config.rate;
    await beside(false, () => drive(ours, "steady", round, pace));
    await beside(true, () => drive(ours, "one hangs", round, pace));
    await drive(bare, "steady", round, pace);
  }
  return rounds;
}

function figuresOf(rounds: readonly Round[], { rate }: Config): readonly Figure[] {
  const of = (target: string, load: string): readonly Round[] =>
    rounds.filter((each) => each.target === target && each.load === load);
  /** Round by round, since the machine's other work changes from one to the next. */
  const beside = (ours: readonly Round[], theirs: readonly Round[], read: (round: Round) => number) =>
    ours.flatMap((each, index) => {
      const control = theirs[index];
      return control === undefined ? [] : [{ ours: read(each), control: read(control) }];
    });
  const most = beside(of("rookery", "most"), of("undici", "most"), ({ perSecond }) => perSecond);
  const p99Of = ({ first }: Round): number => first.p99Ms;
  const steady = beside(of("rookery", "steady"), of("undici", "steady"), p99Of);
  const hanging = beside(of("rookery", "one hangs"), of("rookery", "steady"), p99Of);
  const goal = "P9";
  const first = `first attempt p99 at ${rate}/s`;
  return [
    ...(most.length === 0
      ? []
      : [
          figureOf(
            {
              goal,
              about: "as quickly as it goes",
              unit: "deliveries/s",
              better: "more",
              control: "bare undici",
            },
            most,
          ),
        ]),
    ...(steady.length === 0
      ? []
      : [
          figureOf({ goal, about: first, unit: "ms", better: "less", control: "bare undici" }, steady),
          figureOf(
            {
              goal,
              about: `${first}, one more hangs`,
              unit: "ms",
              better: "less",
              control: "one more answers",
            },
            hanging,
          ),
        ]),
  ];
}
