import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "../src/options.ts";

test("without flags it is a run of the usual shape with a seed to be drawn", () => {
  const { mode, seed, rig, traffic } = readOptions([]);
  assert.deepEqual(mode, { kind: "run" });
  assert.equal(seed, undefined);
  assert.deepEqual(rig, { edges: 2, workers: 3, couriers: 1, shards: 16 });
  assert.equal(traffic.chats, 64);
});

test("flags say what is wanted", () => {
  const { mode, seed, faults, json } = readOptions(["--faults", "100", "--seed", "7", "--json"]);
  assert.deepEqual({ mode, seed, faults, json }, { mode: { kind: "run" }, seed: 7, faults: 100, json: true });
  assert.deepEqual(readOptions(["--plants"]).mode, { kind: "plants" });
  assert.deepEqual(readOptions(["--plant", "no-fence"]).mode, { kind: "plant", name: "no-fence" });
  assert.deepEqual(readOptions(["--scenario", "stops"]).mode, { kind: "scenario", name: "stops" });
});

test("a number out of range and an unknown flag are refused by name", () => {
  assert.throws(() => readOptions(["--edges", "0"]), /--edges=0 must be a whole number from 1 to 16/);
  assert.throws(() => readOptions(["--faults", "many"]), /--faults=many must be a whole number/);
  assert.throws(() => readOptions(["--fault", "1"]), /--fault/);
});
