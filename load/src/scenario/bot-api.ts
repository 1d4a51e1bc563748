/**
 * The Bot API surface (P8): `sendMessage` of many bots through an edge, as quickly as it is answered, into chats where somebody
 * listens on a socket. Each call is committed before its answer, and must be heard once, in the order of its chat.
 *
 * Rounds take turns with bare undici that posts the same bodies to a bare server, which answers as many bytes.
 */
import { startCluster, until } from "@rookery/kit";
import { Agent, request } from "undici";
import { connect, type Connection, eachOf } from "../client.ts";
import { figureOf } from "../figure.ts";
import { commonUsage, profiling, readFlags } from "../flags.ts";
import { createTimeHistogram, type Percentiles } from "../histogram.ts";
import { addNativeBots } from "../native-bots.ts";
import { addPeople, openClusterStore } from "../people.ts";
import { createProgress } from "../progress.ts";
import { report } from "../result.ts";
import { addChats } from "../scene.ts";
import { clusterSeconds, usageOf } from "../turns.ts";
import { startControl } from "./control.ts";

export const botApiUsage = `npm run load -- bot-api [flags]
  --bots 50        each in its share of
  --chats 500      groups, where one person listens on a socket
  --calls 10000    sendMessage of a round
  --lanes 100      calls under way at a time, each on a connection of its own
  --rounds 5       of the cluster and of bare undici, in turn
  --edges 1 --workers 1   of the cluster it starts
${commonUsage}`;

const text = "x".repeat(120);
const opensMax = 50;
const heardMsMax = 30_000;
const faultsKeptMax = 50;

/** A chat, by the URL that its bot sends to. */
interface Room {
  readonly url: string;
  readonly chatId: number;
  /** What its listener has heard of this round, and when the first not yet heard was due. */
  heard: number;
  sent: number;
}

interface Round {
  readonly target: string;
  readonly round: number;
  readonly callsPerSecond: number;
  readonly answers: Percentiles;
  readonly cpuSeconds: Readonly<Record<string, number>>;
}

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runBotApi(args: readonly string[]): Promise<number> {
  const config = readFlags(args, {
    bots: [50, 1_000],
    chats: [500, 10_000],
    calls: [10_000, 1_000_000],
    lanes: [100, 1_000],
    rounds: [5, 100],
    edges: [1, 16],
    workers: [1, 16],
  });
  const { edges, workers, lanes } = config;
  const tell = createProgress();
  const cluster = await startCluster({ edges, workers, env: { NODE_OPTIONS: profiling(config) } });
  const bare = await startControl();
  const store = await openClusterStore(cluster.dataDir);
  const agent = new Agent({ connections: lanes, pipelining: 1 });
  const faults: string[] = [];
  const sockets: Connection[] = [];
  try {
    const people = await addPeople(store, cluster.dataDir, config.chats);
    const bots = await addNativeBots(store, people[0]?.id ?? 0, config.bots);
    const botOf = (chat: number): number => chat % bots.length;
    const shape = people.map((_, chat) => [chat, people.length + botOf(chat)]);
    const ids = await addChats(store, [...people, ...bots], shape);
    const edge = (index: number): string => cluster.edges[index % cluster.edges.length] ?? "";
    const rooms = ids.map((chatId, index): Room => {
      const url = `${edge(index)}/bot${bots[botOf(index)]?.token}/sendMessage`;
      return { url, chatId, heard: 0, sent: 0 };
    });
    await eachOf(rooms, opensMax, async (room, index) => {
      const frame = ({ type, seq }: { readonly type: string; readonly seq: number }): void => {
        if (type !== "Message") return;
        room.heard += 1;
        if (seq !== room.heard)
          faults.push(`chat ${room.chatId}: ${seq} was heard where ${room.heard} was due`);
      };
      const close = (code: number): void => void faults.push(`a socket was closed with ${code}`);
      sockets.push(await connect(edge(index), people[index]?.token ?? "", { frame, close }));
    });
    tell(`${bots.length} bots in ${rooms.length} chats, each with a listener`, true);
    const bareRooms = rooms.map((room): Room => ({ ...room, url: `${bare.url}/bot1:bare/sendMessage` }));
    const targets = [
      { name: "rookery", rooms, pids: () => ({ ...cluster.pids, generator: [process.pid] }) },
      { name: "undici", rooms: bareRooms, pids: () => ({ server: [bare.pid], generator: [process.pid] }) },
    ];
    const rounds: Round[] = [];
    // Round 0 pays for compilation, and is not counted.
    for (let round = 0; round <= config.rounds; round++) {
      for (const target of targets) {
        const before = await usageOf(target.pids());
        const told = await callAll(target.rooms, { calls: config.calls, lanes, agent, faults });
        if (target.name === "rookery") {
          const isHeard = (): boolean => rooms.every(({ heard, sent }) => heard === sent);
          await until(isHeard, { withinMs: heardMsMax }).catch(() => faults.push("some were never heard"));
        }
        const after = await usageOf(target.pids());
        const cpuSeconds = Object.fromEntries(
          Object.entries(after).map(([role, { cpuSeconds: seconds }]) => [
            role,
            seconds - (before[role]?.cpuSeconds ?? 0),
          ]),
        );
        tell(
          `${target.name} ${round}: ${told.callsPerSecond.toFixed(0)}/s, p50 ${told.answers.p50Ms.toFixed(1)} ms, p99 ${told.answers.p99Ms.toFixed(1)} ms; CPU µs a call: ${perCall(cpuSeconds, config.calls)}`,
          true,
        );
        if (round > 0) rounds.push({ target: target.name, round, ...told, cpuSeconds });
      }
    }
    return await report("bot-api", config, { figures: figuresOf(rounds, config.calls), rounds, faults });
  } finally {
    await Promise.all(sockets.map((socket) => socket.close()));
    await agent.close();
    await store.end();
    await bare.close();
    await cluster.close();
  }
}

/** Each lane has its rooms in turn, one call of a room at a time: its answers come in the order of its numbers. */
async function callAll(
  rooms: readonly Room[],
  on: { readonly calls: number; readonly lanes: number; readonly agent: Agent; readonly faults: string[] },
): Promise<Pick<Round, "callsPerSecond" | "answers">> {
  const { calls, lanes, agent, faults } = on;
  const times = createTimeHistogram();
  const fault = (words: string): void => void (faults.length < faultsKeptMax && faults.push(words));
  let left = calls;
  const lane = async (nth: number): Promise<void> => {
    for (let turn = nth; left > 0; turn += lanes) {
      left -= 1;
      // A room belongs to one lane, where there are at least as many.
      const room = rooms[turn % (rooms.length - (rooms.length % lanes) || rooms.length)] as Room;
      room.sent += 1;
      const due = room.sent;
      const startMs = performance.now();
      const { statusCode, body } = await request(room.url, {
        method: "POST",
        dispatcher: agent,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ chat_id: -room.chatId, text }),
      });
      const answer = (await body.json()) as { readonly result?: { readonly message_id: number } };
      times.record(performance.now() - startMs);
      if (statusCode !== 200) fault(`${statusCode} ${JSON.stringify(answer)}`);
      else if (answer.result?.message_id !== due)
        fault(`${answer.result?.message_id} came where ${due} was due`);
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: lanes }, (_, nth) => lane(nth)));
  return { callsPerSecond: (calls * 1_000) / (performance.now() - startMs), answers: times.percentiles() };
}

function figuresOf(rounds: readonly Round[], calls: number) {
  const [ours, theirs] = ["rookery", "undici"].map((name) => rounds.filter(({ target }) => target === name));
  const measure = (read: (round: Round) => number) =>
    (ours ?? []).map((round, index) => ({
      ours: read(round),
      control: read((theirs ?? [])[index] as Round),
    }));
  const control = "bare undici to raw uWS";
  const goal = "P8";
  const of = (role: string) =>
    (ours ?? []).map((round) => ({ ours: ((round.cpuSeconds[role] ?? 0) * 1e6) / calls }));
  const cost = (round: Round): number => (clusterSeconds(round.cpuSeconds) * 1e6) / calls;
  return [
    figureOf(
      { goal, about: "sendMessage answered and heard", unit: "calls/s", better: "more", control },
      measure((round) => round.callsPerSecond),
    ),
    figureOf(
      { goal, about: "call → answer, p99", unit: "ms", better: "less", control },
      measure((round) => round.answers.p99Ms),
    ),
    figureOf({ goal, about: "CPU of the servers", unit: "µs/call", better: "less", control }, measure(cost)),
    ...["edge", "worker", "courier", "postgres", "nats", "redis", "generator"].map((role) =>
      figureOf({ goal, about: `CPU: ${role}`, unit: "µs/call", better: "less" }, of(role)),
    ),
  ];
}

function perCall(cpuSeconds: Readonly<Record<string, number>>, calls: number): string {
  return Object.entries(cpuSeconds)
    .map(([role, seconds]) => `${role} ${((seconds * 1e6) / calls).toFixed(0)}`)
    .join(", ");
}
