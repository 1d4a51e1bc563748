import { openRandom } from "@rookery/kit";
import { pause } from "../pause.ts";
import type { Rig } from "../cluster/rig.ts";
import { readFigures } from "../run/figures.ts";
import { duration } from "../figure.ts";
import { runScenario, type Scenario } from "./scenario.ts";

const trialsDefault = 200;
/** Past detection, which takes 1 s; the takeover comes within the next. */
const stopMs = [1_300, 3_000] as const;
const peaceMs = [200, 800] as const;
const bothChance = 0.2;
const trialMsMax = 6_000;
const staleMetric = "rookery_stale_releases_total";

export const stops: Scenario = {
  name: "stops",
  text: "workers are stopped past detection and go on: nothing of an older epoch is accepted by an edge (L2)",
  run: async (options, tell) => {
    const trials = options.trials ?? trialsDefault;
    const runMsMax = 120_000 + trials * trialMsMax;
    return await runScenario(options, tell, { name: "stops", runMsMax }, async (hands) => {
      const { rig, traffic, seed, say, signal, faultDone } = hands;
      const random = openRandom(seed);
      for (let trial = 0; trial < trials && !signal.aborted; trial += 1) {
        const workers = rig.members("worker");
        const first = random.pick(workers);
        const others = workers.filter((each) => each !== first);
        // One at least goes on, else nobody takes over.
        const both = others.length > 1 && random.chance(bothChance);
        const victims = both ? [first, random.pick(others)] : [first];
        for (const victim of victims) victim.freeze();
        await pause(random.integer(...stopMs), signal);
        for (const victim of victims) victim.thaw();
        faultDone();
        if ((trial + 1) % 10 === 0) say(`${trial + 1} of ${trials} stops`);
        await pause(random.integer(...peaceMs), signal);
      }
      const stale = await readStale(rig);
      const { waitMsMax } = readFigures(traffic.journals, rig.shape.shards);
      return {
        figures: {
          "stops past detection": trials,
          "stale parts of releases refused": stale ?? `no metric ${staleMetric}`,
          "longest wait for one ack": duration(waitMsMax),
        },
        holds: true,
      };
    });
  },
};

/** Over all edges, since they started; undefined when they do not tell. */
async function readStale(rig: Rig): Promise<number | undefined> {
  let sum: number | undefined;
  for (const base of rig.edgeUrls) {
    const text = await fetchText(`${base}/metrics`);
    const line = text.split("\n").find((each) => each.startsWith(staleMetric));
    const value = Number(line?.split(" ").at(-1));
    if (line !== undefined && Number.isFinite(value)) sum = (sum ?? 0) + value;
  }
  return sum;
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return await response.text();
}
