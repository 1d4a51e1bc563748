import assert from "node:assert/strict";
import { test } from "node:test";
import { decideRotation, type TokenFamily } from "../src/mod.ts";

const family: TokenFamily = {
  generation: 5,
  tokenGeneration: 5,
  refreshedMs: 1000,
  expiresMs: 1_000_000,
  endReason: null,
};

test("the current token rotates, however old, until the session expires", () => {
  assert.equal(decideRotation(family, 1000), "rotate");
  assert.equal(decideRotation(family, 999_999), "rotate");
  assert.equal(decideRotation(family, 1_000_000), "refused");
});

test("the token before it repeats for ten seconds, then is reuse", () => {
  const before = { ...family, tokenGeneration: 4 };
  assert.equal(decideRotation(before, 11_000), "repeat");
  assert.equal(decideRotation(before, 11_001), "reused");
});

test("anything older is reuse at once", () => {
  assert.equal(decideRotation({ ...family, tokenGeneration: 3 }, 1000), "reused");
  assert.equal(decideRotation({ ...family, tokenGeneration: 0 }, 1000), "reused");
});

test("an ended session refuses all its tokens, and says reuse when that ended it", () => {
  assert.equal(decideRotation({ ...family, endReason: "logout" }, 1000), "refused");
  assert.equal(decideRotation({ ...family, tokenGeneration: 1, endReason: "logout" }, 1000), "refused");
  assert.equal(decideRotation({ ...family, endReason: "refresh_reused" }, 1000), "reused");
  assert.equal(decideRotation(null, 1000), "refused");
});
