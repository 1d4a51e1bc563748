import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { openRefreshTokens, parseMasterKey } from "../src/mod.ts";

test("a token has one successor under one key, another under another, and reveals neither", () => {
  const master = parseMasterKey(randomBytes(32));
  const tokens = openRefreshTokens(master);
  const first = tokens.create();
  assert.equal(tokens.successor(first), openRefreshTokens(master).successor(first));
  assert.notEqual(tokens.successor(first), first);
  assert.notEqual(
    tokens.successor(first),
    openRefreshTokens(parseMasterKey(randomBytes(32))).successor(first),
  );
  assert.notEqual(tokens.create(), first);
  assert.equal(tokens.digest(first).length, 32);
});
