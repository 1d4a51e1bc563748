import assert from "node:assert/strict";
import { test } from "node:test";
import { HEARTBEAT_MS } from "../src/census.ts";
import { untilBeatMs } from "../src/liveness.ts";

test("everybody's heartbeats meet, however their timers and starts differ", () => {
  for (const startMs of [0, 1, 149, 150, 151, 299, 1_700_000_000_123]) {
    let wallMs = startMs;
    const spokenMs: number[] = [];
    // A timer is early or late by a moment, now and then.
    for (const offMs of [0, 1, -1, 3, -1, 0, 7]) {
      wallMs += untilBeatMs(wallMs) + offMs;
      spokenMs.push(wallMs);
    }
    for (const [index, atMs] of spokenMs.entries()) {
      const nearest = Math.round(atMs / HEARTBEAT_MS) * HEARTBEAT_MS;
      assert.ok(Math.abs(atMs - nearest) <= 7, `${atMs} is beside the beat`);
      const beforeMs = spokenMs[index - 1];
      if (beforeMs === undefined) continue;
      assert.ok(atMs - beforeMs <= 1.2 * HEARTBEAT_MS, "no pause is much longer than a heartbeat");
      assert.ok(atMs - beforeMs >= HEARTBEAT_MS / 2, "nobody speaks twice");
    }
  }
});
