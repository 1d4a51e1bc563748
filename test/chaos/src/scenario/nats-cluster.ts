import type { NatsCluster } from "../cluster/nats-cluster.ts";
import type { Rig } from "../cluster/rig.ts";
import { duration } from "../figure.ts";
import { pause } from "../pause.ts";
import type { Hands } from "../run/staged-run.ts";
import { runScenario, type Scenario } from "./scenario.ts";

const trialsDefault = 2;
const beforeMs = 4_000;
/** How long it is watched after the fault: the server is back by then, and its copy current. */
const watchMs = 20_000;
const wholeMsMax = 60_000;
const trialMsMax = 180_000;
const pollMs = 5;
/** The election alone is 4 to 9 s, compiled in. */
const killedMsMax = 10_000;
const retiredMsMax = 1_000;

export const natsCluster: Scenario = {
  name: "nats-cluster",
  text: "three NATS servers, R3: the log's leader is killed, then retired by lame duck, under load",
  run: async (options, tell) => {
    const trials = options.trials ?? trialsDefault;
    const rig = { ...options.rig, natsServers: 3 };
    const stage = { name: "nats-cluster", rig, runMsMax: trialMsMax * trials + 60_000 };
    return await runScenario(options, tell, stage, async (hands) => {
      const { natsCluster: servers } = hands.rig;
      if (servers === undefined) throw new Error("there are no three servers");
      const pauses: Record<"killed" | "retired", number[]> = { killed: [], retired: [] };
      const before = await readEpochs(hands.rig);
      for (let trial = 0; trial < trials && !hands.signal.aborted; trial += 1) {
        for (const kind of ["killed", "retired"] as const)
          pauses[kind].push(await lose(kind, servers, hands));
      }
      const after = await readEpochs(hands.rig);
      const moved = [...after].filter(([shard, owner]) => before.get(shard) !== owner).length;
      const [killed, retired] = [Math.max(...pauses.killed), Math.max(...pauses.retired)];
      return {
        figures: {
          "leaders killed": pauses.killed.length,
          "longest pause of all acks then": duration(killed),
          "leaders retired by lame duck": pauses.retired.length,
          "longest pause of all acks then, too": duration(retired),
          "shards that changed owner or epoch": moved,
        },
        holds: killed <= killedMsMax && retired <= retiredMsMax && moved === 0,
      };
    });
  },
};

/** @returns the longest time without any ack, from the fault until the server is back. */
async function lose(
  kind: "killed" | "retired",
  servers: NatsCluster,
  { traffic, say, signal, faultDone }: Hands,
): Promise<number> {
  await servers.awaitWhole(wholeMsMax);
  await pause(beforeMs, signal);
  const leader = await servers.leader();
  if (leader === null) throw new Error("the log has no leader");
  say(`${leader}, which leads the log, is ${kind}`);
  let { acked } = traffic.counts;
  let lastMs = performance.now();
  let longestMs = 0;
  const look = (): void => {
    const nowMs = performance.now();
    if (traffic.counts.acked !== acked) {
      acked = traffic.counts.acked;
      lastMs = nowMs;
    }
    longestMs = Math.max(longestMs, nowMs - lastMs);
  };
  const watching = setInterval(look, pollMs);
  try {
    if (kind === "killed") servers.killOne(leader);
    else await servers.retire(leader);
    await pause(watchMs, signal);
    await servers.awaitWhole(wholeMsMax);
  } finally {
    clearInterval(watching);
  }
  faultDone();
  say(`${kind}: longest pause ${duration(longestMs)}; ${(await servers.leader()) ?? "nobody"} leads now`);
  return longestMs;
}

/** Shard → its owner and the epoch, of both kinds of shards. */
async function readEpochs({ store }: Pick<Rig, "store">): Promise<Map<string, string>> {
  const { rows } = await store.query<{ kind: string; id: number; owner: string | null; epoch: string }>(
    "select kind, id, owner, epoch from shard order by kind, id",
  );
  return new Map(rows.map(({ kind, id, owner, epoch }) => [`${kind} ${id}`, `${owner} ${epoch}`]));
}
