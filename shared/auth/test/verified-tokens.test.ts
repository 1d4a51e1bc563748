import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { openTokens } from "../src/mod.ts";
import { openVerifiedTokens } from "../src/verified-tokens.ts";

const nowMs = 1_800_000_000_000;

function principal(userId: number, expiresMs = nowMs + 900_000) {
  return { userId, sessionId: 1, keyId: null, roles: ["member"], scopes: null, rateLimit: null, expiresMs };
}

function makeKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

test("a token is remembered for a minute, and never beyond its end or before its time", () => {
  const memory = openVerifiedTokens(10);
  memory.keep("long", principal(1), nowMs);
  memory.keep("short", principal(2, nowMs + 10_000), nowMs);
  memory.keep("ended", principal(3, nowMs), nowMs);
  assert.equal(memory.find("long", nowMs + 59_999)?.userId, 1);
  assert.equal(memory.find("long", nowMs + 60_000), undefined);
  assert.equal(memory.find("short", nowMs + 9_999)?.userId, 2);
  assert.equal(memory.find("short", nowMs + 10_000), undefined);
  assert.equal(memory.find("ended", nowMs), undefined);
  memory.keep("later", principal(4), nowMs);
  assert.equal(memory.find("later", nowMs - 1), undefined);
});

test("[L7] beyond the bound the one kept longest is forgotten; a bound of 0 keeps none", () => {
  const memory = openVerifiedTokens(2);
  for (const [index, token] of ["one", "two", "three"].entries()) memory.keep(token, principal(index), nowMs);
  assert.equal(memory.find("one", nowMs), undefined);
  assert.equal(memory.find("two", nowMs)?.userId, 1);
  assert.equal(memory.find("three", nowMs)?.userId, 2);
  const none = openVerifiedTokens(0);
  none.keep("one", principal(1), nowMs);
  assert.equal(none.find("one", nowMs), undefined);
});

test("a remembered token is good until its end only, and a changed one was never seen", async () => {
  const tokens = await openTokens({ privateKeyPem: makeKeyPem(), lifeMs: 30_000 });
  const { token, expiresMs } = await tokens.sign({ userId: 5, sessionId: 6, roles: ["member"] }, nowMs);
  const first = await tokens.verify(token, nowMs);
  assert.equal(first.kind, "valid");
  assert.equal(
    await tokens
      .verify(token, nowMs)
      .then(
        (verdict) =>
          verdict.kind === "valid" && first.kind === "valid" && verdict.principal === first.principal,
      ),
    true,
    "not computed again",
  );
  assert.equal((await tokens.verify(`${token.slice(0, -2)}AA`, nowMs)).kind, "bad");
  assert.equal((await tokens.verify(token, expiresMs + 60_000)).kind, "expired");
});

test("when a key is taken away, what it had signed is not remembered either", async () => {
  const [old, fresh] = [makeKeyPem(), makeKeyPem()];
  let file = old;
  const tokens = await openTokens({ privateKeyPem: old, readAgain: () => Promise.resolve(file) });
  const { token } = await tokens.sign({ userId: 5, sessionId: 6, roles: ["member"] }, nowMs);
  assert.equal((await tokens.verify(token, nowMs)).kind, "valid");
  file = fresh;
  assert.equal(await tokens.refresh(), true);
  assert.equal((await tokens.verify(token, nowMs)).kind, "bad");
});
