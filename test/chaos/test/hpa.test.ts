import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, type Reading, type ScalerSpec, startState, wantedBy } from "../src/autoscale/hpa.ts";

const spec: ScalerSpec = {
  name: "edge",
  min: 2,
  max: 20,
  up: {
    stabilizationWindowSeconds: 0,
    selectPolicy: "Max",
    policies: [
      { type: "Percent", value: 100, periodSeconds: 30 },
      { type: "Pods", value: 2, periodSeconds: 30 },
    ],
  },
  down: {
    stabilizationWindowSeconds: 600,
    selectPolicy: "Min",
    policies: [{ type: "Pods", value: 1, periodSeconds: 120 }],
  },
};
const sockets = (total: number): Reading => ({ kind: "total", total, target: 100 });

test("it wants as many as the total needs, and leaves a tenth more or less as it is", () => {
  assert.equal(wantedBy(sockets(1_000), 4), 10);
  assert.equal(wantedBy(sockets(439), 4), 4);
  assert.equal(wantedBy(sockets(441), 4), 5);
  assert.equal(wantedBy({ kind: "value", value: 5, target: 2 }, 4), 10);
  assert.equal(wantedBy({ kind: "value", value: 0, target: 2 }, 4), 0);
});

test("up at once, twice as many in a period at most; the largest metric wins", () => {
  const first = decide(spec, startState, { current: 4, readings: [sockets(2_000), sockets(10)], atMs: 0 });
  assert.equal(first.replicas, 8);
  const soon = decide(spec, first.state, { current: 8, readings: [sockets(2_000)], atMs: 15_000 });
  assert.equal(soon.replicas, 8);
  const later = decide(spec, soon.state, { current: 8, readings: [sockets(2_000)], atMs: 31_000 });
  assert.equal(later.replicas, 16);
  const last = decide(spec, later.state, { current: 16, readings: [sockets(9_000)], atMs: 62_000 });
  assert.equal(last.replicas, 20, "the maximum");
});

test("down by the most that was wanted in ten minutes, then one in two minutes", () => {
  let { state } = decide(spec, startState, { current: 8, readings: [sockets(800)], atMs: 0 });
  let current = 8;
  const history: string[] = [];
  for (let atMs = 15_000; atMs <= 1_200_000; atMs += 15_000) {
    const next = decide(spec, state, { current, readings: [sockets(10)], atMs });
    ({ state } = next);
    if (next.replicas !== current) history.push(`${next.replicas} at ${atMs / 1_000}`);
    current = next.replicas;
  }
  assert.deepEqual(history.slice(0, 3), ["7 at 615", "6 at 735", "5 at 855"]);
});

test("a wave within the window keeps them", () => {
  let { state } = decide(spec, startState, { current: 8, readings: [sockets(800)], atMs: 0 });
  for (let atMs = 15_000; atMs <= 3_000_000; atMs += 15_000) {
    const readings = [sockets(atMs % 300_000 === 0 ? 800 : 10)];
    const next = decide(spec, state, { current: 8, readings, atMs });
    ({ state } = next);
    assert.equal(next.replicas, 8);
  }
});
