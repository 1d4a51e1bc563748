import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folders = ["infra", "services", "shared"];
/** Of the machine, not ours to explain. */
const machine = ["HOME", "PATH"];

/** Names in calls of `readText(env, "NAME", …)` and its like, in `env["NAME"]`, and of servers' variables. */
const reads = [
  /read(?:Text|Integer|Choice|List|Rate|Origins|Flag|Required|KeyFile)\(\s*[\w.]+,\s*"([A-Z][A-Z0-9_]+)"/g,
  /env\["([A-Z][A-Z0-9_]+)"\]/g,
  /variable: "([A-Z][A-Z0-9_]+)"/g,
];

async function readSources(): Promise<string[]> {
  const all = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(root, folder), { recursive: true }))
        .filter((file) => /\/src\/.*\.ts$/.test(file) && !file.includes("node_modules"))
        .map((file) => join(root, folder, file)),
    ),
  );
  return await Promise.all(all.flat().map((file) => readFile(file, "utf8")));
}

test(".env.example has every variable that is read, each with a line that explains it, and no other", async () => {
  const sources = await readSources();
  const read = new Set(
    sources.flatMap((source) => reads.flatMap((form) => [...source.matchAll(form)].map(([, name]) => name))),
  );
  for (const name of machine) read.delete(name);
  const example = await readFile(join(root, ".env.example"), "utf8");
  const told = [...example.matchAll(/^# \S.*\n#([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
  assert.deepEqual(new Set(told), read);
  assert.equal(told.length, read.size, "no variable is explained twice");
});
