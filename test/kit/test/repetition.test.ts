import assert from "node:assert/strict";
import { test } from "node:test";
import { repeated, type Result, settle } from "../src/repetition.ts";

const result = (passed: number, failed: number, ...failedFiles: string[]): Result => ({
  passed,
  failed,
  skipped: 0,
  failedFiles,
});

test("a few files that failed are run once more; after a clean run none are", () => {
  assert.deepEqual(repeated(result(10, 2, "services/a.test.ts", "test/cluster/src/b.test.ts")), [
    "services/a.test.ts",
    "test/cluster/src/b.test.ts",
  ]);
  assert.deepEqual(repeated(result(10, 0)), []);
});

test("where many fail, or a judge of histories does, nothing is run once more", () => {
  assert.deepEqual(repeated(result(10, 5, "a", "b", "c", "d", "e")), []);
  assert.deepEqual(repeated(result(10, 2, "a", "test/chaos/test/run.test.ts")), []);
  assert.deepEqual(repeated(result(10, 1, "test/cluster/src/property.test.ts")), []);
});

test("what passes the second time counts and is named; what fails again has failed", () => {
  assert.deepEqual(settle(result(10, 2, "a", "b"), result(7, 1, "b")), {
    count: { passed: 11, failed: 1, skipped: 0 },
    unsteady: ["a"],
  });
});

test("a second run that did not run proves nothing", () => {
  assert.deepEqual(settle(result(10, 1, "a"), result(0, 0)), {
    count: { passed: 10, failed: 1, skipped: 0 },
    unsteady: [],
  });
});
