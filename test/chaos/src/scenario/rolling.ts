import { duration } from "../figure.ts";
import { pause } from "../pause.ts";
import { readFigures } from "../run/figures.ts";
import { runScenario, type Scenario } from "./scenario.ts";

const betweenMs = 2_000;
const silenceMsMax = 2_000;
const runMsMax = 300_000;

export const rolling: Scenario = {
  name: "rolling",
  text: "every process is restarted cleanly, one after the other, under load (R5)",
  run: async (options, tell) =>
    await runScenario(options, tell, { name: "rolling", runMsMax }, async (hands) => {
      const { rig, traffic, say, signal, faultDone } = hands;
      const members = (["edge", "worker", "courier"] as const).flatMap((role) => rig.members(role));
      let unclean = 0;
      for (const member of members) {
        if (signal.aborted) break;
        await pause(betweenMs, signal);
        const startMs = performance.now();
        if (!(await member.end())) unclean += 1;
        say(`${member.name} ended after ${duration(performance.now() - startMs)}`);
        await member.start();
        faultDone();
      }
      await pause(betweenMs, signal);
      const { silenceMs, waitMsMax } = readFigures(traffic.journals, rig.shape.shards);
      return {
        figures: {
          restarts: members.length,
          "ends that were not clean": unclean,
          "longest silence": duration(silenceMs),
          "longest wait for one ack": duration(waitMsMax),
        },
        holds: unclean === 0 && waitMsMax <= silenceMsMax,
      };
    }),
};
