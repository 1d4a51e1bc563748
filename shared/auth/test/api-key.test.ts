import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "@rookery/protocol";
import { keyPrefix, openApiKeys } from "../src/mod.ts";

test("[A4] a key is 256 random bits behind a prefix, stored as Argon2id, and verifies against its own digest only", async () => {
  const apiKeys = openApiKeys();
  const [one, other] = [await apiKeys.create(), await apiKeys.create()];
  assert.match(one.key, /^rk_[a-z0-9]{12}_[\w-]{43}$/);
  assert.equal(Buffer.from(one.key.slice(16), "base64url").length, 32);
  assert.match(one.digest, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.notEqual(one.prefix, other.prefix);
  assert.equal(await apiKeys.verify(one.key, one.digest), true);
  assert.equal(await apiKeys.verify(other.key, one.digest), false);
  const last = one.key.endsWith("A") ? "B" : "A";
  assert.equal(await apiKeys.verify(one.key.slice(0, -1) + last, one.digest), false);
});

test("a prefix is read of what has the form of a key, and of nothing else", async () => {
  const { key, prefix } = await openApiKeys().create();
  assert.equal(keyPrefix(key), prefix);
  for (const text of [
    "",
    "rk_",
    key.slice(1),
    key.slice(0, -1),
    `${key}A`,
    key.toUpperCase(),
    `${key}\n`,
    ` ${key}`,
  ]) {
    assert.equal(keyPrefix(text), undefined, JSON.stringify(text));
  }
});

test("[L7] beyond the waiting maximum a proof is refused as overloaded, and places come free again", async () => {
  const apiKeys = openApiKeys({ runningMax: 1, waitingMax: 2 });
  const { key, digest } = await apiKeys.create();
  const accepted = Array.from({ length: 3 }, () => apiKeys.verify(key, digest));
  await assert.rejects(
    apiKeys.verify(key, digest),
    (error) => error instanceof Fault && error.code === "overloaded",
  );
  assert.deepEqual(await Promise.all(accepted), [true, true, true]);
  assert.equal(await apiKeys.verify(key, digest), true);
});
