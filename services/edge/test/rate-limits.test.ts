import assert from "node:assert/strict";
import { test } from "node:test";
import { readRateLimits, requestClaims } from "../src/rate-limits.ts";

const principal = {
  userId: 5,
  sessionId: null,
  keyId: 7,
  roles: [],
  scopes: null,
  rateLimit: 30,
  expiresMs: Number.POSITIVE_INFINITY,
};

test("a request counts for all, its address, its user, and its key where that has a limit of its own", () => {
  const limits = readRateLimits({});
  const told = (claims: ReturnType<typeof requestClaims>) =>
    claims.map(({ limit, key }) => [limit.name, key, limit.perMinute, limit.burst]);
  const shared = [
    ["global", "all", 600_000, 10_000],
    ["address", "192.0.2.7", 60_000, 1_000],
  ];
  assert.deepEqual(told(requestClaims(limits, "192.0.2.7", null)), shared);
  const user = ["user", "5", 6_000, 100];
  assert.deepEqual(told(requestClaims(limits, "192.0.2.7", principal)), [
    ...shared,
    user,
    ["key", "7", 30, 30],
  ]);
  assert.deepEqual(told(requestClaims(limits, "192.0.2.7", { ...principal, rateLimit: null })), [
    ...shared,
    user,
  ]);
});

test("a setting that is no number is refused by name", () => {
  assert.throws(
    () => readRateLimits({ RATE_LIMIT_USER_PER_SECOND: "lots" }),
    /RATE_LIMIT_USER_PER_SECOND=lots/,
  );
});
