import type { PartName } from "@rookery/local";
import { duration } from "../figure.ts";
import { flushRedis } from "../cluster/server.ts";
import { pause } from "../pause.ts";
import type { Hands } from "../run/staged-run.ts";
import { runScenario, type Scenario } from "./scenario.ts";

const downMs = 30_000;
const beforeMs = 3_000;
const recoverMsMax = 30_000;
const runMsMax = 300_000;

export const outage: Scenario = {
  name: "outage",
  text: "Postgres is away for 30 s, then NATS, then Redis is emptied, under load (R6)",
  run: async (options, tell) =>
    await runScenario(options, tell, { name: "outage", runMsMax }, async (hands) => {
      const figures: Record<string, string | number> = {};
      let holds = true;
      for (const part of ["postgres", "nats"] as const) {
        const { backMs, reopened, answered } = await takeAway(part, hands);
        figures[`${part}: first new ack after its return`] = duration(backMs);
        figures[`${part}: sockets that were lost`] = reopened;
        figures[`${part}: acks while it was away`] = answered;
        holds &&= backMs !== undefined;
      }
      const { traffic, rig, faultDone } = hands;
      const links = countLinks(hands);
      const before = traffic.counts.acked;
      await flushRedis(rig.servers.redis);
      await pause(beforeMs, hands.signal);
      faultDone();
      figures["redis: sockets that were lost"] = countLinks(hands) - links;
      holds &&= countLinks(hands) === links && traffic.counts.acked > before;
      return { figures, holds };
    }),
};

async function takeAway(
  part: PartName,
  hands: Hands,
): Promise<{ backMs: number | undefined; reopened: number; answered: number }> {
  const { rig, traffic, say, signal, faultDone } = hands;
  await pause(beforeMs, signal);
  const links = countLinks(hands);
  say(`${part} goes away for ${duration(downMs)}`);
  for (const proxy of rig.links.to(part)) proxy.set({ kind: "refuse" });
  const restarted = rig.servers[part].kill();
  await pause(beforeMs, signal);
  const before = traffic.counts.acked;
  await pause(downMs - beforeMs, signal);
  const answered = traffic.counts.acked - before;
  await restarted;
  const startMs = performance.now();
  for (const proxy of rig.links.to(part)) proxy.set({ kind: "pass" });
  const isBack = await traffic.nextAck(recoverMsMax);
  const backMs = isBack ? performance.now() - startMs : undefined;
  say(`${part} is back; first ack after ${duration(backMs)}`);
  faultDone();
  await pause(beforeMs, signal);
  return { backMs, reopened: countLinks(hands) - links, answered };
}

function countLinks({ traffic }: Hands): number {
  return traffic.readers.reduce((sum, reader) => sum + reader.links, 0);
}
