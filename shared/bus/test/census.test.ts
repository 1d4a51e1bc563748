import assert from "node:assert/strict";
import { test } from "node:test";
import { Census, SILENT_MS_MAX } from "../src/census.ts";

const worker = (id: string, leaving = false) => ({ role: "worker", id, leaving }) as const;

test("who starts judges nobody before everybody had a turn to speak", () => {
  const census = new Census("a");
  assert.equal(census.live("worker", 0), null);
  census.hear(worker("a"), 0);
  census.hear(worker("b"), 100);
  assert.equal(census.live("worker", 500), null);
  assert.deepEqual(census.live("worker", 700), ["a", "b"]);
  assert.deepEqual(census.live("edge", 700), []);
});

test("who falls silent for a second is gone, who leaves is gone at once", () => {
  const census = new Census("a");
  for (let nowMs = 0; nowMs <= 2_000; nowMs += 300) {
    census.hear(worker("a"), nowMs);
    if (nowMs < 600) census.hear(worker("b"), nowMs);
    census.hear(worker("c"), nowMs);
  }
  assert.equal(census.forget(2_000), true);
  assert.deepEqual(census.live("worker", 2_000), ["a", "c"]);
  assert.equal(census.hear(worker("c", true), 2_050), true);
  assert.deepEqual(census.live("worker", 2_050), ["a"]);
});

test("who was cut off judges nobody, nor right after: the others had no turn yet", () => {
  const census = new Census("a");
  census.hear(worker("a"), 0);
  census.hear(worker("b"), 0);
  assert.deepEqual(census.live("worker", 900), ["a", "b"]);
  assert.equal(census.live("worker", 5_000), null, "not even ourselves are heard");
  assert.equal(census.forget(5_000), false);

  census.hear(worker("a"), 5_100);
  assert.equal(census.live("worker", 5_200), null);
  assert.equal(census.forget(5_200), false, "b is not taken for dead because we were away");
  census.hear(worker("b"), 5_400);
  census.hear(worker("a"), 5_700);
  assert.deepEqual(census.live("worker", 5_100 + SILENT_MS_MAX), ["a", "b"]);
});

test("the next silence is a second after the one who was heard longest ago", () => {
  const census = new Census("a");
  assert.equal(census.nextSilenceMs(50), 50 + SILENT_MS_MAX + 1, "nobody is known");
  census.hear(worker("b"), 100);
  census.hear(worker("a"), 300);
  const atMs = census.nextSilenceMs(400);
  assert.equal(atMs, 100 + SILENT_MS_MAX + 1);
  census.hear(worker("a"), 1_000);
  assert.equal(census.forget(atMs - 1), false);
  assert.equal(census.forget(atMs), true);
});
