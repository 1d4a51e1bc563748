import assert from "node:assert/strict";
import { test } from "node:test";
import { guiltOf } from "../src/journal/tally.ts";
import { runChaos } from "../src/run/chaos.ts";
import { describeReport } from "../src/run/report.ts";

test("a short run from a fixed seed is clean: nothing lost, doubled, out of order or behind", async (t) => {
  const report = await runChaos({
    seed: 11,
    faults: 8,
    rig: { edges: 2, workers: 2, couriers: 1, shards: 8 },
    traffic: {
      users: 6,
      chats: 16,
      membersPerChat: 3,
      devices: 1,
      senders: 6,
      lanesPerSender: 2,
      commandsPerSecond: 80,
    },
    keep: false,
    tell: (line) => t.diagnostic(line),
  });
  t.diagnostic(describeReport(report));
  assert.deepEqual(guiltOf(report.verdict), [], describeReport(report));
  assert.equal(report.faultsDone, 8);
  for (const name of ["EditMessage", "DeleteMessage", "React", "Pin", "read", "invited", "part"]) {
    assert.ok((report.figures.changes[name] ?? 0) > 0, `no ${name} was acked`);
  }
  assert.ok(report.figures.messages > 100, `${report.figures.messages} messages`);
});
