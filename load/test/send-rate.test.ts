import assert from "node:assert/strict";
import { test } from "node:test";
import { mostWithin } from "../src/send-rate.ts";

test("the busiest window is found wherever it begins", () => {
  assert.equal(mostWithin([], 1_000), 0);
  assert.equal(mostWithin([0, 1_000, 2_000], 1_000), 1);
  assert.equal(mostWithin([0, 900, 950, 1_000, 1_899], 1_000), 4);
});
