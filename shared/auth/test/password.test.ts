import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { Fault } from "@rookery/protocol";
import { openPasswords, passwordRefusal } from "../src/mod.ts";

const quick = { cost: 4 };

function isFault(code: string) {
  return (error: unknown) => error instanceof Fault && error.code === code;
}

test("a password verifies against its own hash only, which is bcrypt at cost 12", async () => {
  const passwords = openPasswords();
  const hash = await passwords.hash("correct horse");
  assert.match(hash, /^\$2b\$12\$/);
  assert.equal(await passwords.verify("correct horse", hash), true);
  assert.equal(await passwords.verify("correct horsf", hash), false);
});

test("all 72 bytes count, and lengths outside 8 to 72 bytes of UTF-8 are refused", async () => {
  const passwords = openPasswords(quick);
  const longest = `${"x".repeat(70)}é`;
  const hash = await passwords.hash(longest);
  assert.equal(await passwords.verify(longest, hash), true);
  assert.equal(await passwords.verify(`${"x".repeat(70)}è`, hash), false);
  for (const text of [
    "",
    "1234567",
    "x".repeat(73),
    "é".repeat(37),
    "ab\0cdefghij",
    `\ud800${"x".repeat(8)}`,
  ]) {
    assert.notEqual(passwordRefusal(text), undefined);
    await assert.rejects(passwords.hash(text), isFault("invalid"));
    assert.equal(await passwords.verify(text, hash), false);
  }
  for (const text of ["12345678", "ééé ключ", "x".repeat(72)]) assert.equal(passwordRefusal(text), undefined);
});

test("an unknown user costs the time of a known one, and is never let in", async () => {
  const passwords = openPasswords({ cost: 10 });
  const hash = await passwords.hash("correct horse");
  const median = async (stored: string | null) => {
    const times: number[] = [];
    for (let run = 0; run < 7; run++) {
      const from = performance.now();
      assert.equal(await passwords.verify("wrong horse", stored), false);
      times.push(performance.now() - from);
    }
    return times.toSorted((a, b) => a - b)[3] ?? 0;
  };
  const known = await median(hash);
  const unknown = await median(null);
  assert.ok(unknown > known / 2 && unknown < known * 2, `known ${known} ms, unknown ${unknown} ms`);
});

test("[L7] beyond the waiting maximum a password is refused as overloaded, and places come free again", async () => {
  const passwords = openPasswords({ cost: 8, runningMax: 2, waitingMax: 3 });
  const accepted = Array.from({ length: 5 }, () => passwords.verify("correct horse", null));
  assert.deepEqual(passwords.load, { running: 2, waiting: 3 });
  await assert.rejects(passwords.verify("correct horse", null), isFault("overloaded"));
  await Promise.all(accepted);
  assert.deepEqual(passwords.load, { running: 0, waiting: 0 });
  assert.equal(await passwords.verify("correct horse", null), false);
});

test("hashing leaves the event loop free", async () => {
  const passwords = openPasswords();
  let turns = 0;
  let hashing = true;
  const count = () => {
    turns++;
    if (hashing) setImmediate(count);
  };
  setImmediate(count);
  await passwords.hash("correct horse");
  hashing = false;
  assert.ok(turns > 100, `${turns} turns while hashing`);
});
