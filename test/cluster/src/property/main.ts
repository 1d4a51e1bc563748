/** `npm run property`: the property, longer, from a seed of its own each time. Exit 1 when any run is not clean. */
import { parseArgs } from "node:util";
import { openCluster } from "../cluster.ts";
import { runProperty } from "./run.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10" },
    steps: { type: "string", default: "1500" },
    seed: { type: "string" },
    edges: { type: "string", default: "2" },
    workers: { type: "string", default: "2" },
  },
});
const first = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const cluster = await openCluster({ edges: Number(values.edges), workers: Number(values.workers) });
let wrong = 0;
try {
  for (let seed = first; seed < first + Number(values.runs); seed++) {
    const startMs = performance.now();
    const { faults, figures } = await runProperty({
      edges: cluster.edges,
      seed,
      steps: Number(values.steps),
    });
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
    process.stdout.write(
      `seed ${seed}: ${faults.length === 0 ? "equal" : "DIFFERENT"} after ${seconds} s, ${JSON.stringify(figures)}\n`,
    );
    for (const fault of faults) process.stdout.write(`  ${fault}\n`);
    if (faults.length > 0) wrong += 1;
  }
} finally {
  await cluster.close();
}
process.stdout.write(wrong === 0 ? "clean\n" : `${wrong} runs are not clean\n`);
process.exit(wrong === 0 ? 0 : 1);
