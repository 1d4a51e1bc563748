/** The systemd unit, held to what it names and to our own settings. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readUpConfig } from "../src/up-config.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const text = await readFile(join(root, "infra/systemd/rookery.service"), "utf8");
const installed = "/opt/rookery/";

/** Settings of a section; of one that comes several times the last. */
function section(name: string): ReadonlyMap<string, string> {
  const lines = (text.split(`[${name}]\n`)[1] ?? "").split(/^\[/m)[0] ?? "";
  const pairs = lines.split("\n").filter((line) => /^[A-Z]\w+=/.test(line));
  return new Map(pairs.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

test("[I7] what the unit starts is there, and it is the cluster", async () => {
  const [node = "", main = "", ...args] = (section("Service").get("ExecStart") ?? "").split(" ");
  for (const path of [node, main]) {
    assert.ok(path.startsWith(installed), path);
    await access(join(root, path.slice(installed.length)));
  }
  assert.deepEqual(args, ["up"]);
});

test("[I7] the unit's variables are ours, and it waits as long as stopping may take", () => {
  const service = section("Service");
  const env = Object.fromEntries(
    (service.get("Environment") ?? "").split(" ").map((pair) => pair.split("=") as [string, string]),
  );
  const config = readUpConfig({}, env);
  assert.equal(config.dataDir, "/var/lib/rookery");
  // Edges drain and may then take 15 s; workers and couriers 15 s; servers 15 s.
  const stopMs = config.drainMs + 3 * 15_000;
  assert.ok(Number(service.get("TimeoutStopSec")) * 1_000 > stopMs, `${stopMs} ms`);
  assert.ok(Number(service.get("LimitNOFILE")) >= 20_000, "10,000 sockets an edge");
  assert.equal(service.get("StateDirectory"), "rookery");
});

test("[I7] the unit gives away no more than it needs", () => {
  const service = section("Service");
  const wanted = {
    NoNewPrivileges: "true",
    ProtectSystem: "strict",
    ProtectHome: "true",
    Restart: "on-failure",
  };
  for (const [name, value] of Object.entries(wanted)) assert.equal(service.get(name), value, name);
  assert.equal(service.get("CapabilityBoundingSet"), "");
  assert.notEqual(service.get("User"), "root");
});

test("[I7] systemd itself has nothing to say against the unit", async (t) => {
  const run = promisify(execFile);
  const isThere = await run("systemd-analyze", ["--version"]).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    // Not a pass by another name: the tests above read every line that matters.
    t.diagnostic("systemd-analyze is not installed here");
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "rookery-unit-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "rookery.service");
  await writeFile(file, text.replaceAll(installed, `${root}/`).replace(/^User=.*\nGroup=.*\n/m, ""));
  const { stderr } = await run("systemd-analyze", ["verify", "--man=no", file]);
  assert.doesNotMatch(stderr, /rookery/);
});

test("[I7] make tells what there is, and every target is a script or a command", async () => {
  const makefile = await readFile(join(root, "Makefile"), "utf8");
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const named = [...makefile.matchAll(/^\tnpm (?:run )?(\w+)/gm)].map(([, name = ""]) => name);
  for (const name of named.filter((each) => each !== "ci")) assert.ok(name in scripts, name);
  const targets = [...makefile.matchAll(/^([a-z]+):.*## /gm)].map(([, name]) => name);
  assert.deepEqual(targets, ["help", "start", "dev", "test", "check", "doctor", "clean"]);
});
