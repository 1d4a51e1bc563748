import assert from "node:assert/strict";
import { test } from "node:test";
import { diffSamples, type Sample, valuesMax } from "../src/statsd-diff.ts";

const counter = (value: number, of = "a"): Sample => ({
  family: "sent_total",
  type: "counter",
  name: "sent_total",
  labels: { of },
  value,
});

/** Cumulative, as Prometheus has them: up to 0.1 s, up to 1 s, all. */
function histogram(...counts: readonly [number, number, number]): Sample[] {
  const family = "delay_seconds";
  const at = (le: string | number, value: number): Sample => ({
    family,
    type: "histogram",
    name: `${family}_bucket`,
    labels: { le, of: "a" },
    value,
  });
  return [
    at(0.1, counts[0]),
    at(1, counts[1]),
    at("+Inf", counts[2]),
    { family, type: "histogram", name: `${family}_sum`, labels: { of: "a" }, value: counts[2] / 2 },
    { family, type: "histogram", name: `${family}_count`, labels: { of: "a" }, value: counts[2] },
  ];
}

test("a counter is told as what was added, a series at a time, and not at all when nothing was", () => {
  const first = diffSamples([counter(3), counter(7, "b")], new Map());
  assert.deepEqual(
    first.calls.map(({ kind, value, tags }) => [kind, value, tags["of"]]),
    [
      ["counter", 3, "a"],
      ["counter", 7, "b"],
    ],
  );
  const second = diffSamples([counter(3), counter(9, "b")], first.totals);
  assert.deepEqual(
    second.calls.map(({ value, tags }) => [value, tags["of"]]),
    [[2, "b"]],
  );
});

test("a gauge is told as it stands each time; what is no number is not told", () => {
  const gauge = (value: number): Sample => ({ family: "g", type: "gauge", name: "g", labels: {}, value });
  const first = diffSamples([gauge(5)], new Map());
  assert.deepEqual(diffSamples([gauge(5)], first.totals).calls, [
    { kind: "gauge", name: "g", value: 5, tags: {} },
  ]);
  assert.deepEqual(diffSamples([gauge(Number.NaN)], new Map()).calls, []);
});

test("a histogram is told as milliseconds at the bounds of its buckets, with an exact count and sum", () => {
  const first = diffSamples(histogram(1, 2, 2), new Map());
  const second = diffSamples(histogram(3, 4, 5), first.totals);
  const told = (calls: typeof second.calls, kind: string) =>
    calls.filter((call) => call.kind === kind).map(({ name, value }) => [name, value]);
  assert.deepEqual(told(first.calls, "timing"), [
    ["delay_seconds", 100],
    ["delay_seconds", 1_000],
  ]);
  assert.deepEqual(told(second.calls, "timing"), [
    ["delay_seconds", 100],
    ["delay_seconds", 100],
    ["delay_seconds", 1_000],
  ]);
  assert.deepEqual(told(second.calls, "counter"), [
    ["delay_seconds_sum", 1.5],
    ["delay_seconds_count", 3],
  ]);
});

test("a busy histogram is told by a bounded sample of the same shape", () => {
  const { calls } = diffSamples(histogram(90_000, 99_000, 100_000), new Map());
  const values = calls.filter(({ kind }) => kind === "timing").map(({ value }) => value);
  assert.equal(values.length, valuesMax);
  assert.equal(values.filter((value) => value === 100).length, 90);
  assert.equal(calls.find(({ name }) => name === "delay_seconds_count")?.value, 100_000);
});
