/**
 * Thousands of bots of the cluster's own wait on one edge for their updates: what a waiting getUpdates costs in memory and in
 * time of the processors, and how long after its message an update is answered while all wait.
 */
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { startCluster, until } from "@rookery/kit";
import { call, eachOf, type User } from "../client.ts";
import { type Figure, figureOf } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { createTimeHistogram } from "../histogram.ts";
import { collectOnSignal, weighProcess } from "../memory.ts";
import { addNativeBots, type NativeBot } from "../native-bots.ts";
import { addPeople, openClusterStore } from "../people.ts";
import { createProgress, type Progress } from "../progress.ts";
import { report } from "../result.ts";
import { cpuOf } from "../turns.ts";

export const botPollsUsage = `npm run load -- bot-polls [flags]
  --polls 5000     getUpdates that wait on one edge, of a bot each
  --talkers 200    bots that somebody talks to
  --rate 50        messages a second
  --seconds 20     of talk, and of waiting before it
${commonUsage}`;

const timeoutSeconds = 50;
/** Opened and closed before the empty server is weighed: the code that serves them is not their cost. */
const warmPolls = 500;
const opensMax = 50;
const settleMsMax = 120_000;

interface Update {
  readonly update_id: number;
  readonly message: { readonly text: string };
}

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runBotPolls(args: readonly string[]): Promise<number> {
  const config = readFlags(args, {
    polls: [5_000, 20_000],
    talkers: [200, 2_000],
    rate: [50, 1_000],
    seconds: [20, 600],
  });
  const tell = createProgress();
  const cluster = await startCluster({ env: { NODE_OPTIONS: `--import=${collectOnSignal}` } });
  const store = await openClusterStore(cluster.dataDir);
  const faults: string[] = [];
  const [base = ""] = cluster.edges;
  const waiting = openWaiting(base, faults);
  try {
    const [person] = await addPeople(store, cluster.dataDir, 1);
    if (person === undefined) throw new Error("there is to be somebody");
    const bots = await addNativeBots(store, person.id, config.polls);
    tell(`${bots.length} bots`, true);
    const processes = { edge: cluster.pids.edge[0] ?? 0, courier: cluster.pids.courier[0] ?? 0 };
    waiting.open(bots.slice(0, warmPolls));
    await until(() => waiting.count === Math.min(warmPolls, bots.length), { withinMs: settleMsMax });
    await waiting.close();
    const empty = await weigh(processes, tell);
    waiting.open(bots);
    await until(() => waiting.count === bots.length, { withinMs: settleMsMax });
    const full = await weigh(processes, tell);
    const before = await cpuOf(cluster.pids);
    await sleep(config.seconds * 1_000);
    const used = await cpuOf(cluster.pids, before);
    const chats = await eachOf(bots.slice(0, config.talkers), opensMax, async (bot) => {
      const body = { type: "direct", memberIds: [bot.id] };
      return (await call<{ id: number }>(base, "POST", "/v1/chats", { token: person.token, body })).id;
    });
    const answers = await talk({ base, person, chats, waiting, faults, ...config });
    const each = (what: keyof typeof empty): number => (full[what] - empty[what]) / bots.length;
    const share = (what: keyof Processes): number => (used[what] ?? 0) / config.seconds;
    const figures = [
      one("memory of a waiting getUpdates, edge", "bytes", each("edge")),
      one("memory of a waiting getUpdates, courier", "bytes", each("courier")),
      one(`${bots.length} wait: edge`, "share of a core", share("edge")),
      one(`${bots.length} wait: courier`, "share of a core", share("courier")),
      one("said → answered, p50", "ms", answers.said.p50Ms),
      one("said → answered, p99", "ms", answers.said.p99Ms),
      one("acked → answered, p50", "ms", answers.acked.p50Ms),
      one("acked → answered, p99", "ms", answers.acked.p99Ms),
    ];
    return await report("bot-polls", config, { figures, faults });
  } finally {
    await waiting.close();
    await store.end();
    await cluster.close();
  }
}

function one(about: string, unit: string, ours: number): Figure {
  return figureOf({ goal: "T14", about, unit, better: "less" }, [{ ours }]);
}

type Processes = Readonly<Record<"edge" | "courier", number>>;

async function weigh(processes: Processes, tell: Progress): Promise<Processes> {
  const [edge, courier] = await Promise.all([
    weighProcess(processes.edge, tell),
    weighProcess(processes.courier, tell),
  ]);
  return { edge: edge.collectedBytes, courier: courier.collectedBytes };
}

/** Bots that ask again as soon as they are answered. */
function openWaiting(base: string, faults: string[]) {
  let agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  let isClosing = false;
  let running: Promise<void>[] = [];
  let count = 0;
  const listeners = { heard: (_text: string, _atMs: number): void => {} };

  const ask = async (url: string): Promise<Update[] | null> =>
    await new Promise((resolve) => {
      const sent = request(url, { agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", () => resolve(null));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const envelope = JSON.parse(text) as { readonly ok: boolean; readonly result: Update[] };
          if (!envelope.ok) faults.push(text.slice(0, 200));
          resolve(envelope.ok ? envelope.result : null);
        });
      });
      sent.on("error", (error) => {
        if (!isClosing) faults.push(String(error));
        resolve(null);
      });
      sent.end();
    });

  const run = async ({ token }: NativeBot): Promise<void> => {
    let offset = 0;
    while (!isClosing) {
      const asked = ask(`${base}/bot${token}/getUpdates?timeout=${timeoutSeconds}&offset=${offset}`);
      count += 1;
      const updates = await asked;
      count -= 1;
      const atMs = performance.now();
      if (updates === null) return;
      for (const { update_id: id, message } of updates) {
        if (id !== Math.max(1, offset)) faults.push(`update ${id} came where ${offset} was next`);
        offset = id + 1;
        listeners.heard(message.text, atMs);
      }
    }
  };

  return {
    open(bots: readonly NativeBot[]): void {
      isClosing = false;
      agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
      running = bots.map(run);
    },
    /** Of those that are under way. */
    get count() {
      return count;
    },
    listeners,
    async close(): Promise<void> {
      isClosing = true;
      agent.destroy();
      await Promise.all(running);
    },
  };
}

async function talk(about: {
  readonly base: string;
  readonly person: User;
  readonly chats: readonly number[];
  readonly waiting: ReturnType<typeof openWaiting>;
  readonly faults: string[];
  readonly rate: number;
  readonly seconds: number;
}) {
  const { base, person, chats, waiting, faults } = about;
  const total = about.rate * about.seconds;
  const times = new Map<string, { saidMs: number; ackedMs: number; heardMs: number }>();
  waiting.listeners.heard = (text, atMs) => {
    const time = times.get(text);
    if (time === undefined || time.heardMs > 0) faults.push(`"${text}" came twice, or from nowhere`);
    else time.heardMs = atMs;
  };
  const startMs = performance.now();
  const sends: Promise<void>[] = [];
  while (sends.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) * about.rate) / 1_000));
    while (sends.length < due) {
      const body = `number ${sends.length}`;
      const time = { saidMs: performance.now(), ackedMs: 0, heardMs: 0 };
      times.set(body, time);
      const path = `/v1/chats/${chats[sends.length % chats.length]}/messages`;
      const said = call(base, "POST", path, { token: person.token, body: { body } });
      sends.push(
        said.then(
          () => void (time.ackedMs = performance.now()),
          (error: unknown) => {
            faults.push(String(error));
            times.delete(body);
          },
        ),
      );
    }
    await sleep(5);
  }
  await Promise.all(sends);
  const isHeard = (): boolean => [...times.values()].every(({ heardMs }) => heardMs > 0);
  await until(isHeard, { withinMs: settleMsMax }).catch(() => faults.push("some updates never came"));
  const [said, acked] = [createTimeHistogram(), createTimeHistogram()];
  for (const { saidMs, ackedMs, heardMs } of times.values()) {
    said.record(heardMs - saidMs);
    acked.record(Math.max(0, heardMs - ackedMs));
  }
  return { said: said.percentiles(), acked: acked.percentiles() };
}
