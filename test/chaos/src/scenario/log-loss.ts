import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { duration, percentile } from "../figure.ts";
import { pause } from "../pause.ts";
import type { Hands } from "../run/staged-run.ts";
import { runScenario, type Scenario } from "./scenario.ts";

const trialsDefault = 6;
const beforeMs = 3_000;
/** What the log forgets when its tail is cut: what came in so long before its end. */
const tailMs = 1_500;
const recoverMsMax = 30_000;
const trialMsMax = 60_000;

export const logLoss: Scenario = {
  name: "log-loss",
  text: "NATS is killed and its log comes back without its tail, or not at all (L6, R7)",
  run: async (options, tell) => {
    const trials = options.trials ?? trialsDefault;
    const runMsMax = trialMsMax * (trials + 2);
    return await runScenario(options, tell, { name: "log-loss", runMsMax }, async (hands) => {
      const times: Record<"cut" | "deleted", number[]> = { cut: [], deleted: [] };
      let missing = 0;
      for (let trial = 0; trial < trials && !hands.signal.aborted; trial += 1) {
        const kind = trial % 2 === 0 ? "cut" : "deleted";
        const backMs = await loseLog(kind, hands);
        if (backMs === undefined) missing += 1;
        else times[kind].push(backMs);
        hands.say(`log ${kind}: first ack ${duration(backMs)} after its return`);
      }
      return {
        figures: {
          "tails cut": times.cut.length,
          "first ack after a cut, longest": duration(percentile(times.cut, 1)),
          "logs deleted": times.deleted.length,
          "first ack after a deletion, longest": duration(percentile(times.deleted, 1)),
          "never came back": missing,
        },
        holds: missing === 0,
      };
    });
  },
};

/** @returns from its return to the first ack. */
async function loseLog(
  kind: "cut" | "deleted",
  { rig, traffic, say, signal, faultDone }: Hands,
): Promise<number | undefined> {
  const { nats } = rig.servers;
  const streams = join(nats.folder, "nats", "jetstream");
  const earlier = join(nats.folder, "earlier");
  await pause(beforeMs, signal);
  if (kind === "cut") {
    // Taken while it stands still, so that the copy is of one moment; later it is what an unsynced disk has kept.
    await nats.freeze();
    await rm(earlier, { recursive: true, force: true });
    await cp(streams, earlier, { recursive: true });
    nats.thaw();
    await pause(tailMs, signal);
  }
  say(kind === "cut" ? "NATS is killed and loses its tail" : "NATS is killed and its log deleted");
  await nats.rebuild(async () => {
    await rm(streams, { recursive: true, force: true });
    if (kind === "cut") await cp(earlier, streams, { recursive: true });
  });
  rig.retarget("nats");
  const startMs = performance.now();
  const isBack = await traffic.nextAck(recoverMsMax);
  faultDone();
  return isBack ? performance.now() - startMs : undefined;
}
