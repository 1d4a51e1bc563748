import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openRandom } from "@rookery/kit";
import { type Fleet, openFleet } from "../autoscale/fleet.ts";
import { openGauges } from "../autoscale/gauge.ts";
import { readHpa, readScaledObject } from "../autoscale/manifest.ts";
import { drawPicture, type Moment } from "../autoscale/picture.ts";
import { Reader } from "../client/reader.ts";
import { readHeads } from "../journal/truth.ts";
import { pause } from "../pause.ts";
import type { Hands } from "../run/staged-run.ts";
import { runScenario, type Scenario } from "./scenario.ts";

/** The files' clock runs so much faster here: ten minutes of waiting before scaling down are half a minute. */
const speed = 20;
/** Kubernetes looks every 15 s. */
const roundMs = 15_000 / speed;
/** An edge here is a fiftieth of one, a worker a fifth: 100 sockets are 5,000 to the file. */
const edgeSizes = {
  rookery_ws_connections: 50,
  rookery_event_loop_utilization: 0.5,
  process_cpu_seconds_total: 0.5,
};
const workerSizes = { rookery_event_loop_utilization: 5 };
const replicasMax = { edge: 6, worker: 4 };
const settings = { SHED_PERCENT: String(speed), DRAIN_MS: "3000" };
const opensPerRound = 20;
const runMsMax = 600_000;
const unevenMax = 2;
/** Sockets beside those of the traffic, how long they take to come or go, and the traffic's pace. */
const phases = [
  { name: "quiet", sockets: 60, seconds: 15, pace: 1 },
  { name: "ramp", sockets: 420, seconds: 45, pace: 12 },
  { name: "full", sockets: 420, seconds: 30, pace: 12 },
  { name: "leaving", sockets: 60, seconds: 20, pace: 0.25 },
  { name: "quiet again", sockets: 60, seconds: 90, pace: 0.25 },
] as const;
const picture = fileURLToPath(new URL("../../result/autoscale.svg", import.meta.url));

export const autoscale: Scenario = {
  name: "autoscale",
  text: "edges and workers come and go as the files of k8s/component/autoscaling say, under a ramp of sockets",
  run: async (options, tell) => {
    const [edgeScaler, workerScaler] = await Promise.all([
      readHpa("edge-hpa.yaml"),
      readScaledObject("worker-scaled-object.yaml"),
    ]);
    const rig = { ...options.rig, edges: edgeScaler.min, workers: workerScaler.min, settings };
    const traffic = { ...options.traffic, devices: 1, senders: 6, commandsPerSecond: 20 };
    const stage = { name: "autoscale", rig, traffic, balanced: true, runMsMax };
    return await runScenario(options, tell, stage, async (hands) => {
      const base = { rig: hands.rig, say: hands.say };
      const fleets = {
        edge: openFleet({
          ...base,
          role: "edge",
          scaler: edgeScaler,
          replicasMax: replicasMax.edge,
          sizes: edgeSizes,
        }),
        worker: openFleet({
          ...base,
          role: "worker",
          scaler: workerScaler,
          replicasMax: replicasMax.worker,
          sizes: workerSizes,
        }),
      };
      const moments = await follow(fleets, hands);
      await Promise.all([fleets.edge.settle(), fleets.worker.settle()]);
      const title = `Autoscaling by the files of k8s, their clock ${speed} times as fast; an edge is a fiftieth of one`;
      await writeFile(picture, drawPicture(title, panels, moments));
      const peak = (name: string): number => Math.max(...moments.map(({ values }) => values[name] ?? 0));
      const last = (name: string): number => moments.at(-1)?.values[name] ?? 0;
      const uneven = moments.findLast(({ values }) => values["phase"] === 2)?.values["uneven"] ?? 0;
      return {
        figures: {
          "edges: at first, at most, at last": `${edgeScaler.min}, ${peak("edges")}, ${last("edges")}`,
          "workers: at first, at most, at last": `${workerScaler.min}, ${peak("workers")}, ${last("workers")}`,
          "sockets at most": peak("sockets"),
          "sockets sent to other edges": peak("shed"),
          "fullest edge over the mean, when full": uneven.toFixed(2),
          "latest shard, at most": `${peak("late").toFixed(1)} s`,
          picture,
        },
        holds:
          peak("edges") > edgeScaler.min &&
          last("edges") === edgeScaler.min &&
          peak("workers") > workerScaler.min &&
          last("workers") < peak("workers") &&
          uneven <= unevenMax,
      };
    });
  },
};

const panels = [
  { title: "sockets", lines: { sockets: "#1f77b4", "fullest edge": "#ff7f0e" } },
  { title: "replicas", lines: { edges: "#1f77b4", workers: "#2ca02c" } },
  { title: "latest shard, s", lines: { late: "#d62728" } },
  { title: "acked, a second", lines: { acked: "#9467bd" } },
];

/** Goes through the phases, a round at a time. @returns what was seen */
async function follow(fleets: Readonly<Record<"edge" | "worker", Fleet>>, hands: Hands): Promise<Moment[]> {
  const { traffic, rig, say, signal, faultDone } = hands;
  const gauges = openGauges();
  const crowd: Reader[] = [];
  const leaving: Promise<void>[] = [];
  const moments: Moment[] = [];
  const startMs = performance.now();
  let { acked } = traffic.counts;
  let shed = 0;
  let before = 0;
  try {
    for (const [phase, { name, sockets, seconds, pace }] of phases.entries()) {
      say(`${name}: ${sockets} sockets`);
      traffic.setPace(pace);
      const phaseMs = performance.now();
      for (;;) {
        const roundStartMs = performance.now();
        const share = Math.min(1, (roundStartMs - phaseMs) / (seconds * 1_000));
        const target = Math.round(
          before + (sockets - before) * (name === "ramp" || name === "leaving" ? share : 1),
        );
        while (crowd.length > target) leaving.push(crowd.pop()?.close() ?? Promise.resolve());
        if (crowd.length < target) await join(crowd, Math.min(opensPerRound, target - crowd.length), hands);
        const members = [...fleets.edge.members(), ...fleets.worker.members()];
        const samples = await gauges.read(members);
        const atMs = (performance.now() - startMs) * speed;
        for (const fleet of [fleets.edge, fleets.worker]) fleet.step(samples, atMs);
        const valuesOf = (metric: string): number[] =>
          samples.flatMap(({ values }) => (values.has(metric) ? [values.get(metric) ?? 0] : []));
        const held = valuesOf("rookery_ws_connections");
        const sum = held.reduce((total, each) => total + each, 0);
        // Of edges that have gone meanwhile nothing more is heard: it only grows.
        shed = Math.max(
          shed,
          valuesOf("rookery_ws_shed_total").reduce((total, each) => total + each, 0),
        );
        const values = {
          phase,
          sockets: sum,
          "fullest edge": Math.max(0, ...held),
          uneven: sum === 0 ? 1 : (Math.max(...held) * held.length) / sum,
          edges: fleets.edge.wanted,
          workers: fleets.worker.wanted,
          late: Math.max(0, ...valuesOf("rookery_shard_lag_seconds")),
          acked: ((traffic.counts.acked - acked) * 1_000) / roundMs,
          shed,
        };
        ({ acked } = traffic.counts);
        moments.push({ atSeconds: (performance.now() - startMs) / 1_000, values });
        if (share >= 1 || signal.aborted) break;
        await pause(Math.max(1, roundMs - (performance.now() - roundStartMs)), signal);
      }
      before = sockets;
      faultDone();
    }
    return moments;
  } finally {
    await Promise.all([...leaving, ...crowd.map((reader) => reader.close())]);
    rig.balancer?.lead(fleets.edge.members().map(({ statusUrl }) => Number(new URL(statusUrl).port)));
  }
}

/** They write nothing down, and know what was said before they came. */
async function join(crowd: Reader[], count: number, { traffic, rig }: Hands): Promise<void> {
  const { people, rooms } = traffic.population;
  const heads = new Map((await readHeads(rig.store)).map(({ id, headSeq: seq, rev }) => [id, { seq, rev }]));
  for (let added = 0; added < count; added += 1) {
    const person = people[crowd.length % people.length];
    if (person === undefined) return;
    const mine = rooms.filter((room) => room.members.includes(person));
    const places = new Map(mine.map(({ chatId }) => [chatId, heads.get(chatId) ?? { seq: 0, rev: 0 }]));
    const options = {
      person,
      edges: rig.edgeUrls,
      random: openRandom(crowd.length),
      journal: { add: () => undefined },
      places,
    };
    crowd.push(new Reader({ ...options, name: `crowd-${crowd.length}` }, 0));
  }
}
