import assert from "node:assert/strict";
import { test } from "node:test";
import { botTokenDigest } from "@rookery/gateway";
import type { NativeBot } from "@rookery/store";
import { openBotLookup } from "../../src/bot-api/bot-lookup.ts";

const bot = (id: number): NativeBot => ({
  id,
  ownerId: 1,
  username: `bot_${id}`,
  displayName: "Bot",
  privacyMode: true,
  allowedUpdates: null,
});

test("tokens that come together are looked up together, each for its own; a failure is of its query alone", async () => {
  const known = new Map([1, 2].map((id) => [botTokenDigest(`${id}:x`).toString("hex"), bot(id)]));
  const sizes: number[] = [];
  let isBroken = false;
  const lookup = openBotLookup((digests) => {
    sizes.push(digests.length);
    return isBroken ? Promise.reject(new Error("away")) : Promise.resolve(known);
  });
  const found = await Promise.all(["1:x", "2:x", "3:x", "1:x"].map(lookup));
  assert.deepEqual(
    found.map((each) => each?.id),
    [1, 2, undefined, 1],
  );
  assert.deepEqual(sizes, [4]);
  isBroken = true;
  await assert.rejects(lookup("1:x"), /away/);
  isBroken = false;
  assert.equal((await lookup("2:x"))?.id, 2);
  sizes.length = 0;
  await Promise.all(Array.from({ length: 1_200 }, () => lookup("1:x")));
  assert.deepEqual(sizes, [500, 500, 200]);
});
