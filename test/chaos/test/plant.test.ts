import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { patch } from "../src/plant/patch.ts";
import { findPlant, plantedLine, plants, plantUrl, repositoryUrl } from "../src/plant/plants.ts";

const run = promisify(execFile);

test("every plant finds its text exactly once in today's sources", () => {
  for (const { edits } of plants) {
    for (const edit of edits) {
      const source = readFileSync(new URL(edit.file, repositoryUrl), "utf8");
      assert.notEqual(patch(edit.file, source, [edit]), source);
    }
  }
});

test("a text that is not there, or there twice, is refused by name", () => {
  const edit = { file: "a.ts", find: "x", replace: "y" };
  assert.throws(() => patch("a.ts", "nothing", [edit]), /0 times in a\.ts/);
  assert.throws(() => patch("a.ts", "x x", [edit]), /2 times in a\.ts/);
  assert.equal(patch("a.ts", "x", [{ ...edit, replace: "$&$1" }]), "$&$1");
});

test("an import with a plant loads the patched source, and says so", async () => {
  const [plant] = plants;
  assert.ok(plant);
  const [edit] = plant.edits;
  assert.ok(edit);
  const target = new URL(edit.file, repositoryUrl).href;
  const code = `await import(${JSON.stringify(target)})`;
  const args = ["--import", plantUrl(plant.name), "--input-type=module", "--eval", code];
  const { stderr } = await run(process.execPath, args, { timeout: 30_000 });
  assert.ok(stderr.includes(plantedLine(plant, 1)), stderr);
});

test("an unknown plant is refused with the names there are", () => {
  assert.throws(() => findPlant("weeds"), /no plant "weeds"; there are ack-before-commit/);
});
