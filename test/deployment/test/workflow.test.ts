import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { validateWorkflow } from "@action-validator/core";
import { parse } from "yaml";
import { root } from "../src/render.ts";

const folder = join(root, ".github/workflows");

interface Workflow {
  readonly permissions?: object;
  readonly jobs: Readonly<
    Record<string, { readonly "timeout-minutes"?: number; readonly steps: readonly Step[] }>
  >;
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

test("every workflow is one by GitHub's schema, bounded, and without rights it does not name", async () => {
  const files = await readdir(folder);
  assert.deepEqual(files.toSorted(), ["check.yml", "deploy.yml", "image.yml"]);
  for (const file of files) {
    const text = await readFile(join(folder, file), "utf8");
    // The glob rules of this validator look for files; there are none by patterns here.
    assert.deepEqual(validateWorkflow(text).errors, [], file);
    const { permissions, jobs } = parse(text) as Workflow;
    assert.ok(permissions, `${file}: permissions`);
    for (const [name, job] of Object.entries(jobs)) {
      assert.ok(job["timeout-minutes"], `${file}: ${name} is bounded`);
      for (const { uses, run } of job.steps) {
        if (uses !== undefined) assert.match(uses, /@v\d+$/, `${file}: ${uses}`);
        // What somebody types must not become a command: it comes by the environment.
        assert.doesNotMatch(run ?? "", /\$\{\{ *(inputs|github\.event)/, `${file}: ${name}`);
      }
    }
  }
});

test("the validator sees what is wrong", () => {
  assert.notDeepEqual(validateWorkflow("on: push\njobs:\n  a:\n    runs-on: x\n    step: []\n").errors, []);
});
