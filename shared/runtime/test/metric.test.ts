import assert from "node:assert/strict";
import { test } from "node:test";
import { openMetrics } from "../src/mod.ts";

/** The figure of a family without labels of its own. */
function read(text: string, name: string): number {
  return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(text)?.[1]);
}

const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("the delay of the event loop is what is late, without the time between two looks at it", async () => {
  const metrics = openMetrics("test");
  await pass(300);
  const untilMs = performance.now() + 800;
  while (performance.now() < untilMs);
  await pass(300);
  const text = await metrics.metrics();
  const [between, delay] = [
    read(text, "nodejs_eventloop_lag_p99_seconds"),
    read(text, "rookery_event_loop_delay_seconds"),
  ];
  assert.ok(delay >= 0.6, `${delay} s late`);
  assert.ok(Math.abs(between - delay - 0.1) < 1e-9, `${between} s between two looks, ${delay} s late`);
  // Who asks a moment later is told the same, not that of a moment.
  assert.equal(read(await metrics.metrics(), "rookery_event_loop_delay_seconds"), delay);
});
