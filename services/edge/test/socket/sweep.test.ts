import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../src/socket/sweep.ts";

const now = { wallMs: 1_000_000, steadyMs: 500_000 };
const fine = { expiresMs: 1_000_001, unsentBytes: 0, heardMs: 499_999 };

test("a socket that is heard, takes what it is sent and has a token in force stays", () => {
  assert.equal(judge(fine, now), null);
  assert.equal(judge({ ...fine, unsentBytes: 1024 * 1024, heardMs: 500_000 - 75_000 }, now), null);
});

test("[W2] a slow consumer is told so with 4001, a silent peer with 4002, an ended token with 4401", () => {
  assert.equal(judge({ ...fine, unsentBytes: 1024 * 1024 + 1 }, now)?.code, 4001);
  assert.equal(judge({ ...fine, heardMs: 500_000 - 75_001 }, now)?.code, 4002);
  assert.equal(judge({ ...fine, expiresMs: 1_000_000 }, now)?.code, 4401);
});
