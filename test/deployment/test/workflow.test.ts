import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
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
  readonly name?: string;
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

/** What kubectl is asked, one line each; it fails at what `$FAILS` matches, and every role is at revision 7. */
const kubectl = `#!/bin/bash
echo "$*" >> "$RUNNER_TEMP/asked"
if [[ "$*" =~ $FAILS ]]; then exit 1; fi
case "$*" in *" get deployment "*) printf 7 ;; esac
`;

/** Runs steps of the workflow `deploy` as the runner does, the last of them whatever became of the others. */
async function deploy(fails: string): Promise<string[]> {
  const { jobs } = parse(await readFile(join(folder, "deploy.yml"), "utf8")) as Workflow;
  const folderOfRun = await mkdtemp(join(tmpdir(), "rookery-deploy-"));
  const env = { PATH: `${folderOfRun}:${process.env["PATH"]}`, RUNNER_TEMP: folderOfRun, FAILS: fails };
  try {
    await writeFile(join(folderOfRun, "kubectl"), kubectl, { mode: 0o755 });
    for (const name of ["Roll out", "Go back"]) {
      const script = jobs["deploy"]?.steps.find((step) => step.name === name)?.run;
      assert.ok(script, name);
      await new Promise<void>((resolve) => {
        execFile("bash", ["-e", "-c", script], { env }, () => resolve());
      });
    }
    return (await readFile(join(folderOfRun, "asked"), "utf8")).split("\n");
  } finally {
    await rm(folderOfRun, { recursive: true, force: true });
  }
}

test("a roll-out that fails takes back the roles it had begun, to what each was before, and no other", async () => {
  const undone = (asked: readonly string[]): string[] => asked.filter((line) => line.includes(" undo "));
  const undo = (role: string): string => `-n rookery rollout undo deployment/${role} --to-revision=7`;

  const courier = await deploy("rollout status deployment/courier");
  assert.deepEqual(undone(courier), [undo("courier"), undo("worker")]);

  const worker = await deploy("apply .* notin .courier,edge");
  assert.deepEqual(undone(worker), [undo("worker")]);
  assert.equal(worker.filter((line) => line.startsWith("apply")).length, 1, "what fails is not gone past");

  const fresh = await deploy("get deployment|rollout status");
  assert.deepEqual(undone(fresh), [], "what was not there has nothing to go back to");
});
