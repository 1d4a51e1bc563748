/** Random people over random connections: in the end every device shows what Postgres holds. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ChangeFrame, isChange } from "@rookery/kit";
import { type Cluster, openCluster } from "./cluster.ts";
import { runProperty } from "./property/run.ts";

/** Found to be of use, or at random once; `npm run property` runs more and longer ones. */
const seeds = [11, 4_242, 20_261_121];
const steps = 500;
/** Enough for a bug in the client itself to show. */
const plantedSteps = 150;
const plantedSettleMs = 1_000;

describe("every client's view of every chat ends equal to Postgres", () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await openCluster({ edges: 2, workers: 2 });
  });
  after(() => cluster?.close());

  for (const seed of seeds) {
    it(`seed ${seed}`, async () => {
      const { faults, figures } = await runProperty({ edges: cluster.edges, seed, steps });
      console.error(`seed ${seed}: ${JSON.stringify(figures)}`);
      assert.deepEqual(faults, []);
    });
  }

  it("and clients that miss one change each are found out", async () => {
    const missed = new Map<number, string>();
    const seen = new Map<number, number>();
    const isMissed = ({ chatId, rev }: ChangeFrame, device: number): boolean => {
      const count = (seen.get(device) ?? 0) + 1;
      seen.set(device, count);
      if (count === 3) missed.set(device, `${chatId}/${rev}`);
      return missed.get(device) === `${chatId}/${rev}`;
    };
    const { faults } = await runProperty({
      edges: cluster.edges,
      seed: 7,
      steps: plantedSteps,
      settleMs: plantedSettleMs,
      tamper(frame, device) {
        if (isChange(frame)) return isMissed(frame, device) ? undefined : frame;
        if (frame.type !== "SyncResult") return frame;
        return { ...frame, changes: frame.changes.filter((each) => !isMissed(each, device)) };
      },
    });
    assert.ok(faults.length > 0, "nobody noticed");
  });

  it("and so are clients that ignore the changes of Sync", async () => {
    const { faults } = await runProperty({
      edges: cluster.edges,
      seed: 8,
      steps: plantedSteps,
      settleMs: plantedSettleMs,
      tamper: (frame) => (frame.type === "SyncResult" ? { ...frame, changes: [] } : frame),
    });
    assert.ok(faults.length > 0, "nobody noticed");
  });
});
