/**
 * Reconnects (P2): what an edge keeps of sockets that were there. All are cut and come back, again and again; what it weighs
 * with the same sockets open must not grow with it.
 */
import { startCluster } from "@rookery/kit";
import { dealChats } from "../deal.ts";
import { figureOf } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { startGenerator } from "../generator/generator-process.ts";
import { collectOnSignal, weighProcess } from "../memory.ts";
import { createProgress } from "../progress.ts";
import { report } from "../result.ts";
import { setScene } from "../scene.ts";

export const reconnectsUsage = `npm run load -- reconnects [flags]
  --sockets 4000   each of a person of its own
  --each 20        chats a person is in
  --members 50     people in a chat
  --opens 500      sockets being opened at a time
  --storms 50      all cut and all back
  --weighings 4    in between; the first, after as many storms as between two, is what the others are held against
${commonUsage}`;

/** A reconnect that left anything behind would leave more than this. */
const keptBytesMax = 32;

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runReconnects(args: readonly string[]): Promise<number> {
  const config = readFlags(args, {
    sockets: [4_000, 15_000],
    each: [20, 500],
    members: [50, 1_000],
    opens: [500, 5_000],
    storms: [50, 1_000],
    weighings: [4, 100],
  });
  const { sockets, each, members, opens: opensMax, storms, weighings } = config;
  const tell = createProgress();
  const cluster = await startCluster({ env: { NODE_OPTIONS: `--import=${collectOnSignal}` } });
  const generator = startGenerator("reconnects", tell);
  try {
    const scene = await setScene(cluster, sockets, dealChats(sockets, each, members).members);
    const edge = cluster.pids.edge[0] ?? 0;
    await generator.open({ doors: scene.doors, chats: [], opensMax });
    const weights: { readonly reconnects: number; readonly bytes: number }[] = [];
    const faults: string[] = [];
    for (let storm = 1; storm <= storms; storm++) {
      const { sockets: back } = await generator.storm(opensMax);
      if (back !== sockets) faults.push(`storm ${storm}: ${back} of ${sockets} are back`);
      tell(`${storm * sockets} reconnects`);
      if (storm % Math.max(1, Math.floor(storms / weighings)) !== 0) continue;
      const { collectedBytes } = await weighProcess(edge, tell);
      weights.push({ reconnects: storm * sockets, bytes: collectedBytes });
      tell(`after ${storm * sockets} reconnects ${(collectedBytes / 1e6).toFixed(1)} MB`, true);
    }
    faults.push(...(await generator.close()));
    const [first, last] = [weights[0], weights.at(-1)];
    const between = (last?.reconnects ?? 0) - (first?.reconnects ?? 0);
    const kept = between === 0 ? 0 : ((last?.bytes ?? 0) - (first?.bytes ?? 0)) / between;
    if (kept > keptBytesMax) faults.push(`each reconnect leaves ${kept.toFixed(0)} bytes`);
    const figures = [
      figureOf(
        { goal: "P2", about: `what a reconnect leaves, of ${between}`, unit: "bytes", better: "less" },
        [{ ours: kept }],
      ),
    ];
    return await report("reconnects", config, { figures, rounds: weights, faults });
  } finally {
    await generator.end();
    await cluster.close();
  }
}
