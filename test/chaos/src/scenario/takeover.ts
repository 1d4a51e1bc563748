import { duration, percentile } from "../figure.ts";
import { noteBereft } from "../nemesis/nemesis.ts";
import { pause } from "../pause.ts";
import { readFigures } from "../run/figures.ts";
import { awaitBalance } from "./owners.ts";
import { runScenario, type Scenario } from "./scenario.ts";

const trialsDefault = 20;
const rate = 500;
const lanesPerSender = 12;
/** Long enough for every chat of the dead worker to be written to again. */
const watchMs = 4_000;
const balanceMsMax = 30_000;
const p99MsMax = 2_000;
const trialMsMax = 60_000;

export const takeover: Scenario = {
  name: "takeover",
  text: "a worker is killed under 500 messages a second: the first new ack in its chats (R3)",
  run: async (options, tell) => {
    const trials = options.trials ?? trialsDefault;
    const traffic = { ...options.traffic, commandsPerSecond: rate, lanesPerSender };
    const stage = { name: "takeover", traffic, runMsMax: trialMsMax * (trials + 2) };
    return await runScenario(options, tell, stage, async ({ rig, traffic, say, signal, faultDone }) => {
      const { workers, shards } = rig.shape;
      for (let trial = 0; trial < trials && !signal.aborted; trial += 1) {
        const worker = rig.member("worker", trial % workers);
        await awaitBalance(rig, workers, balanceMsMax);
        say(`kill ${worker.name}, ${trial + 1} of ${trials}`);
        await noteBereft({ rig, journal: traffic.faults }, worker.index, "kill worker");
        await worker.kill();
        await pause(watchMs, signal);
        await worker.start();
        faultDone();
      }
      const { takeovers } = readFigures(traffic.journals, shards);
      const chatMs = takeovers.flatMap((each) => each.chatMs);
      const firstMs = takeovers.map((each) => Math.min(...each.chatMs));
      const p99 = percentile(chatMs, 0.99);
      return {
        figures: {
          kills: takeovers.length,
          "first new ack of a chat, p50": duration(percentile(chatMs, 0.5)),
          "first new ack of a chat, p99": duration(p99),
          "first new ack of a chat, longest": duration(percentile(chatMs, 1)),
          "first new ack of any chat, p50": duration(percentile(firstMs, 0.5)),
        },
        holds: takeovers.length === trials && p99 !== undefined && p99 <= p99MsMax,
      };
    });
  },
};
