import assert from "node:assert/strict";
import { test } from "node:test";
import { openTogether } from "../../src/bot-api/together.ts";

test("questions that come together are asked together, each answered with its own; a failure is of its query alone", async () => {
  const sizes: number[] = [];
  let isBroken = false;
  const ask = openTogether((keys: readonly string[]) => {
    sizes.push(keys.length);
    if (isBroken) return Promise.reject(new Error("away"));
    return Promise.resolve(keys.map((key) => (key === "none" ? null : `answer to ${key}`)));
  });
  const found = await Promise.all(["a", "b", "none", "a"].map(ask));
  assert.deepEqual(found, ["answer to a", "answer to b", null, "answer to a"]);
  assert.deepEqual(sizes, [4]);
  isBroken = true;
  await assert.rejects(ask("a"), /away/);
  isBroken = false;
  assert.equal(await ask("b"), "answer to b");
  sizes.length = 0;
  await Promise.all(Array.from({ length: 1_200 }, () => ask("a")));
  assert.deepEqual(sizes, [500, 500, 200]);
});
