import assert from "node:assert/strict";
import { test } from "node:test";
import { figureOf, median } from "../src/figure.ts";

const what = { goal: "P1", about: "fan-out", unit: "frames", control: "raw" } as const;

test("ratios are taken round by round, and the worst is on the wrong side", () => {
  const rounds = [
    { ours: 60, control: 100 },
    { ours: 20, control: 50 },
    { ours: 90, control: 100 },
  ];
  const more = figureOf({ ...what, better: "more" }, rounds);
  assert.deepEqual([more.median, more.worst, more.ratio], [60, 20, { median: 0.6, worst: 0.4 }]);
  assert.deepEqual(more.control, { about: "raw", median: 100 });
  const less = figureOf({ ...what, better: "less" }, rounds);
  assert.deepEqual([less.worst, less.ratio?.worst], [90, 0.9]);
});

test("without a control there is no ratio", () => {
  const { goal, about, unit } = what;
  const figure = figureOf({ goal, about, unit, better: "less" }, [{ ours: 3 }, { ours: 5 }]);
  assert.deepEqual([figure.median, figure.worst, figure.ratio, figure.control], [4, 5, undefined, undefined]);
  assert.ok(Number.isNaN(median([])));
});
