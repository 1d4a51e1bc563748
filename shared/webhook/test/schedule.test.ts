import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRetryAfter, type RetrySetting, scheduleOf, waitAfter } from "../src/mod.ts";

const waitsOf = (setting: RetrySetting | null, random: number): (number | null)[] => {
  const schedule = scheduleOf(setting);
  return schedule.waitsMs.map((_, at) => waitAfter(schedule, at + 1, random));
};

test("by default five attempts, from 1 s doubling, a fifth more or less", () => {
  assert.deepEqual(waitsOf(null, 0.5), [1_000, 2_000, 4_000, 8_000, null]);
  assert.deepEqual(waitsOf({ schedule: "default" }, 0), [800, 1_600, 3_200, 6_400, null]);
  assert.deepEqual(waitsOf({ schedule: "default", attempts: 5 }, 1), [1_200, 2_400, 4_800, 9_600, null]);
});

test("with more attempts it doubles to half an hour and stays there", () => {
  const waits = waitsOf({ schedule: "default", attempts: 14 }, 0.5);
  assert.deepEqual(waits.slice(9), [512_000, 1_024_000, 1_800_000, 1_800_000, null]);
});

test("the standard schedule is ten attempts over 75 hours, none of them early", () => {
  const seconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
  assert.deepEqual(waitsOf({ schedule: "standard" }, 0), [...seconds.map((each) => each * 1_000), null]);
  assert.equal(Math.floor(seconds.reduce((sum, each) => sum + each, 0) / 3_600), 75);
  for (const [at, waitMs] of waitsOf({ schedule: "standard" }, 1).entries()) {
    const step = (seconds[at] ?? 0) * 1_000;
    if (waitMs !== null) assert.ok(waitMs >= step && waitMs <= step * 1.05);
  }
});

test("a list is of the waits before each attempt; its first is made at once either way", () => {
  assert.deepEqual(waitsOf({ schedule: [0, 100, 200] }, 0), [100, 200, null]);
  assert.deepEqual(waitsOf({ schedule: [100, 200] }, 0), [100, 200, null]);
  assert.deepEqual(waitsOf({ schedule: [] }, 0), [null]);
  assert.deepEqual(waitsOf({ schedule: [0] }, 0), [null]);
});

test("who asks for patience gets the step at least, and twice the step at most", () => {
  const schedule = scheduleOf(null);
  const waits = [0, 500, 1_500, 2_000, 60_000].map((asked) => waitAfter(schedule, 1, 0.5, asked));
  assert.deepEqual(waits, [1_000, 1_000, 1_500, 2_000, 2_000]);
  assert.equal(waitAfter(schedule, 5, 0.5, 60_000), null);
});

test("Retry-After is seconds or a date to come; anything else is nothing", () => {
  const nowMs = Date.parse("Sat, 21 Nov 2026 14:00:00 GMT");
  assert.equal(parseRetryAfter("120", nowMs), 120_000);
  assert.equal(parseRetryAfter(" 0 ", nowMs), 0);
  assert.equal(parseRetryAfter("Sat, 21 Nov 2026 14:00:30 GMT", nowMs), 30_000);
  assert.equal(parseRetryAfter("9999999999", nowMs), 7 * 24 * 3_600_000);
  assert.equal(parseRetryAfter("Sat, 21 Nov 2099 14:00:30 GMT", nowMs), 7 * 24 * 3_600_000);
  for (const text of [undefined, "", "-1", "1.5", "soon", "2026-11-21", "Sat, 21 Nov 2026 13:59:59 GMT"]) {
    assert.equal(parseRetryAfter(text, nowMs), null, text);
  }
});
