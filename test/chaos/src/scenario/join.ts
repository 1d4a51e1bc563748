import { duration } from "../figure.ts";
import { pause } from "../pause.ts";
import { readFigures } from "../run/figures.ts";
import { awaitBalance, readOwners } from "./owners.ts";
import { runScenario, type Scenario } from "./scenario.ts";

const workersBefore = 2;
const beforeMs = 5_000;
const afterMs = 5_000;
const balanceMsMax = 60_000;
const runMsMax = 240_000;

export const join: Scenario = {
  name: "join",
  text: "a third worker comes under load: about a third of the shards move, to it, and no others",
  run: async (options, tell) => {
    const rig = { ...options.rig, workers: workersBefore };
    return await runScenario(options, tell, { name: "join", rig, runMsMax }, async (hands) => {
      const { rig, traffic, say, signal, faultDone } = hands;
      await awaitBalance(rig, workersBefore, balanceMsMax);
      await pause(beforeMs, signal);
      const before = await readOwners(rig);
      const newcomer = await rig.extend("worker", workersBefore);
      await newcomer.start();
      const balanceMs = await awaitBalance(rig, workersBefore + 1, balanceMsMax);
      say(`balanced after ${duration(balanceMs)}`);
      await pause(afterMs, signal);
      faultDone();
      const moved = [...(await readOwners(rig))].filter(([shard, owner]) => before.get(shard) !== owner);
      const astray = moved.filter(([, owner]) => owner !== newcomer.name);
      const share = before.size / (workersBefore + 1);
      const { silenceMs, waitMsMax } = readFigures(traffic.journals, rig.shape.shards);
      return {
        figures: {
          shards: before.size,
          "moved to the new worker": moved.length - astray.length,
          "moved elsewhere": astray.length,
          "balanced after": duration(balanceMs),
          "longest silence": duration(silenceMs),
          "longest wait for one ack": duration(waitMsMax),
        },
        holds: astray.length === 0 && moved.length >= Math.floor(share) && moved.length <= Math.ceil(share),
      };
    });
  },
};
