import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isIgnored, parseDockerfile } from "../src/dockerfile.ts";
import { root } from "../src/render.ts";

const stages = parseDockerfile(await readFile(join(root, "infra/Dockerfile"), "utf8"));
const rules = (await readFile(join(root, "infra/Dockerfile.dockerignore"), "utf8")).split("\n");

test("the image of each process is Debian slim and Node, run by a user without rights", () => {
  const runtime = stages.find(({ name }) => name === "runtime");
  assert.equal(runtime?.base, "debian:bookworm-slim");
  assert.deepEqual(
    runtime.steps.filter(({ kind }) => kind === "user"),
    [{ kind: "user", value: "65532:65532" }],
  );
  const runs = runtime.steps.flatMap((step) => (step.kind === "run" ? [step.command] : []));
  assert.deepEqual(
    runs,
    ["mkdir -m 0750 /var/lib/rookery && chown 65532:65532 /var/lib/rookery"],
    "nothing is installed there",
  );
  for (const name of ["edge", "worker", "courier"]) {
    const stage = stages.find((each) => each.name === name);
    assert.equal(stage?.base, "runtime", name);
    assert.deepEqual(stage.steps.map(({ kind }) => kind).toSorted(), ["command", "health"], name);
  }
  assert.ok(stages.some(({ name }) => name === "cli"));
});

test("what is copied and started is there, and not left out of what is built from", async () => {
  for (const step of stages.flatMap(({ steps }) => steps)) {
    if (step.kind === "copy" && step.from === null) {
      for (const source of step.sources) await stat(join(root, source));
    }
    if (step.kind === "command" || step.kind === "health") {
      for (const word of step.words.filter((each) => each.endsWith(".ts"))) {
        await stat(join(root, word));
        assert.equal(isIgnored(word, rules), false, word);
      }
    }
  }
});

test("tests, notes and secrets are left out; sources, migrations and what npm compares are not", () => {
  const out = [
    "README.md",
    ".git/config",
    "infra/secret/master.key",
    "services/edge/test/a.test.ts",
    "test/kit/src/mod.ts",
    ".rookery/master.key",
    "services/edge/README.md",
  ];
  const within = [
    "package.json",
    "shared/store/migration/0001-base.up.sql",
    "services/edge/src/main.ts",
    "test/kit/package.json",
    "infra/health-check.ts",
  ];
  assert.deepEqual(
    out.filter((path) => !isIgnored(path, rules)),
    [],
  );
  assert.deepEqual(
    within.filter((path) => isIgnored(path, rules)),
    [],
  );
});

test("an instruction that is not known is refused, not passed over", () => {
  assert.throws(() => parseDockerfile("FROM a\nVOLUME /data"), /VOLUME is not known/);
});
