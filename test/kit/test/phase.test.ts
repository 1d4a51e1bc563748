import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import { root } from "../src/phase.ts";

/** A run inside a test is none: it gets a process that is not one of a test. */
function runFiles(files: Readonly<Record<string, string>>): { failedFiles: string[]; failed: number } {
  const folder = mkdtempSync(join(tmpdir(), "rookery-phase-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const paths = Object.keys(files)
      .filter((name) => name.endsWith(".test.mjs"))
      .map((name) => relative(root, join(folder, name)));
    const script = `
      const { runPhase } = await import(${JSON.stringify(join(root, "test/kit/src/phase.ts"))});
      const phase = { files: ${JSON.stringify(paths)}, concurrency: 1, fileMsMax: 60_000 };
      const result = await runPhase(phase, new AbortController().signal, null);
      process.stderr.write("\\nRESULT" + JSON.stringify(result) + "\\n");`;
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const main = join(folder, "main.mjs");
    writeFileSync(main, script);
    const { stderr } = spawnSync(process.execPath, [main], { env, encoding: "utf8" });
    const result = JSON.parse(/RESULT(.*)/.exec(stderr)?.[1] ?? "null");
    const names = result.failedFiles.map((path: string) => relative(folder, join(root, path)));
    return { ...result, failedFiles: names.toSorted() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("what failed is the file that was run, wherever its tests are declared, however it ended", () => {
  const fails =
    'import { test } from "node:test"; export const declare = () => test("no", () => { throw new Error("no"); });';
  const { failedFiles, failed } = runFiles({
    "shared.mjs": fails,
    "declared-elsewhere.test.mjs": 'import { declare } from "./shared.mjs"; declare();',
    "no-module.test.mjs": 'import "./nothing.mjs";',
    "good.test.mjs": 'import { test } from "node:test"; test("yes", () => {});',
  });
  assert.deepEqual(failedFiles, ["declared-elsewhere.test.mjs", "no-module.test.mjs"]);
  assert.equal(failed, 2);
});
