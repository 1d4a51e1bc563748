import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parsePids, until } from "@rookery/kit";
import { readProcess, signalQuietly } from "@rookery/local";

const fixture = fileURLToPath(new URL("fixture/up.ts", import.meta.url));
const readyMs = 60_000;

interface Up {
  readonly child: ChildProcess;
  /** What it wrote to standard output, write by write. */
  readonly writes: readonly string[];
  log(): string;
  exited(): Promise<number | null>;
}

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rookery-up-"));
  t.after(async () => {
    // Whatever failed, nothing goes on below the folder that is removed.
    for (const end of ends.get(t) ?? []) await end();
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  });
  return folder;
}

const ends = new WeakMap<TestContext, (() => Promise<void>)[]>();

function spawnUp(t: TestContext, dataDir: string, env: Record<string, string> = {}, wrapper?: string): Up {
  const { DATABASE_URL: _d, NATS_URL: _n, REDIS_URL: _r, ...rest } = process.env;
  const args = wrapper === undefined ? [fixture] : ["-e", wrapper];
  const child = spawn(process.execPath, args, {
    env: { ...rest, ROOKERY_DATA: dataDir, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const writes: string[] = [];
  let log = "";
  child.stdout.on("data", (chunk: Buffer) => writes.push(chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString("utf8");
  });
  const exited = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.exitCode;
  };
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited();
  };
  ends.set(t, [...(ends.get(t) ?? []), end]);
  return { child, writes, log: () => log, exited };
}

async function ready(up: Up): Promise<{ urls: string[]; pids: ReturnType<typeof parsePids> }> {
  await until(() => up.writes.join("").includes("pids ") || up.child.exitCode !== null, {
    withinMs: readyMs,
    what: "ready",
  });
  const lines = up.writes.join("").split("\n");
  const urls = lines
    .find((line) => line.startsWith("rookery ready "))
    ?.split(" ")
    .slice(2);
  assert.ok(urls !== undefined, up.log());
  return { urls, pids: lastPids(up) };
}

function lastPids(up: Up): ReturnType<typeof parsePids> {
  return parsePids(
    up.writes
      .join("")
      .split("\n")
      .findLast((line) => line.startsWith("pids ")) ?? "",
  );
}

/** The environment of the stand-in that serves there. */
async function readEnv(url = ""): Promise<Record<string, string>> {
  const env: Record<string, string> = JSON.parse(await (await fetch(url)).text());
  return env;
}

async function areGone(pids: ReturnType<typeof parsePids>): Promise<boolean> {
  const found = await Promise.all(Object.values(pids).flat().map(readProcess));
  return found.every((process) => process === undefined);
}

test("[contract 1] the ready lines are one write of two lines, and Ctrl-C stops in order and leaves nothing", async (t) => {
  const dataDir = await makeFolder(t);
  const up = spawnUp(t, dataDir, { ROOKERY_EDGES: "2", ROOKERY_WORKERS: "2" });
  const { urls, pids } = await ready(up);
  assert.equal(up.writes.length, 1);
  assert.match(
    up.writes[0] ?? "",
    /^rookery ready http:\/\/127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:\d+\npids edge=\d+,\d+ worker=\d+,\d+ courier=\d+ postgres=\d+ nats=\d+ redis=\d+\n$/,
  );
  const env = await readEnv(urls[1]);
  assert.equal(env["ROOKERY_NODE"], "edge-1");
  assert.equal(env["PUBLIC_URL"], urls[0]);
  assert.equal(env["ROOKERY_SHARDS"], "64");
  assert.equal(env["WEBHOOK_ALLOW_PRIVATE"], "true");
  assert.match(await readFile(env["JWT_PRIVATE_KEY_FILE"] ?? "", "utf8"), /^-----BEGIN PRIVATE KEY-----/);
  const masterKey = await stat(env["MASTER_KEY_FILE"] ?? "");
  assert.deepEqual([masterKey.size, masterKey.mode & 0o777], [32, 0o600]);

  // As below npm: the terminal's and the one npm forwards.
  up.child.kill("SIGINT");
  up.child.kill("SIGINT");
  assert.equal(await up.exited(), 0);
  assert.ok(await areGone(pids));
  const order = ["closed edge-0", "closed worker-0"].map((text) => up.log().indexOf(text));
  assert.ok((order[0] ?? -1) >= 0 && (order[0] ?? -1) < (order[1] ?? -1), "edges stop before workers");
});

test("[contract 1] a child that dies is started again on its port and the pids line printed again", async (t) => {
  const up = spawnUp(t, await makeFolder(t));
  const { urls, pids } = await ready(up);
  for (const role of ["edge", "worker", "redis"] as const) {
    const [pid] = pids[role];
    const before = up.writes.length;
    signalQuietly(pid ?? 0, "SIGKILL");
    await until(() => up.writes.length > before, { withinMs: 15_000 });
    assert.notEqual(lastPids(up)[role][0], pid);
  }
  assert.equal((await fetch(urls[0] ?? "")).status, 200);
});

test("[L10] after kill -9 nothing is left within 5 s, and the next start finds the same keys", async (t) => {
  const dataDir = await makeFolder(t);
  const first = spawnUp(t, dataDir);
  const { pids } = await ready(first);
  const key = await readFile(join(dataDir, "jwt-key.pem"), "utf8");
  signalQuietly(pids.worker[0] ?? 0, "SIGSTOP");
  first.child.kill("SIGKILL");
  await until(() => areGone(pids), { withinMs: 5_000 });

  const second = spawnUp(t, dataDir);
  await ready(second);
  assert.equal(await readFile(join(dataDir, "jwt-key.pem"), "utf8"), key);
});

test("[contract 1] a second start on a live folder exits 1 and names the pid", async (t) => {
  const dataDir = await makeFolder(t);
  const first = spawnUp(t, dataDir);
  await ready(first);
  const second = spawnUp(t, dataDir);
  assert.equal(await second.exited(), 1);
  assert.match(second.log(), new RegExp(`already running there with pid ${first.child.pid}\\b`));
  assert.deepEqual(second.writes, []);
});

test("[contract 1] a start that cannot succeed says why in one line and exits 1", async (t) => {
  const dataDir = await makeFolder(t);
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  const refusals: readonly [Record<string, string>, RegExp][] = [
    [{ PORT: String(port) }, new RegExp(`^port ${port} of 127\\.0\\.0\\.1 is in use.*--port`, "m")],
    [{ DATABASE_URL: "postgres://127.0.0.1:1/x" }, /^DATABASE_URL .*127\.0\.0\.1:1 .*ECONNREFUSED/m],
    [{ ROOKERY_NATS_SERVER: "/no/such" }, /^ROOKERY_NATS_SERVER=\/no\/such does not run/m],
    [{ ROOKERY_SHARDS: "0" }, /^ROOKERY_SHARDS=0 must be a whole number from 1 to/m],
    [{ FIXTURE_FAILS: "worker-0" }, /^worker-0 ended with code 1/m],
  ];
  for (const [env, line] of refusals) {
    const up = spawnUp(t, dataDir, env);
    assert.equal(await up.exited(), 1);
    assert.match(up.log(), line);
    assert.deepEqual(up.writes, []);
  }
});

test("a port that was free and is taken before its edge listens there is given up for another", async (t) => {
  const dataDir = await makeFolder(t);
  const file = join(dataDir, "port");
  const up = spawnUp(t, dataDir, { FIXTURE_PORT_FILE: file, ROOKERY_EDGES: "2" });
  const port = await until(async () => Number(await readFile(file, "utf8")), { withinMs: readyMs });
  const taker = createServer();
  await new Promise<void>((resolve) => taker.listen(port, "127.0.0.1", resolve));
  t.after(() => taker.close());
  await writeFile(`${file}.taken`, "");
  const { urls, pids } = await ready(up);
  assert.equal(urls.length, 2);
  assert.ok(!urls.includes(`http://127.0.0.1:${port}`));
  for (const url of urls) assert.equal((await readEnv(url))["PUBLIC_URL"], urls[0]);
  assert.equal(up.writes.length, 1, "told once");
  up.child.kill("SIGTERM");
  assert.equal(await up.exited(), 0);
  assert.ok(await areGone(pids));
});

test("[I7] --watch: a source that changes has the processes replaced one after the other, servers and ports stay", async (t) => {
  const dataDir = await makeFolder(t);
  const sources = await mkdtemp(join(tmpdir(), "rookery-sources-"));
  t.after(() => rm(sources, { recursive: true, force: true }));
  const up = spawnUp(t, dataDir, { FIXTURE_WATCHED: sources, ROOKERY_EDGES: "2" });
  const { urls, pids } = await ready(up);
  await writeFile(join(sources, "notes.txt"), "no source");
  await writeFile(join(sources, ".edge.ts.swp"), "an editor's");
  await writeFile(join(sources, "edge.ts"), "export {};");
  const ours = ["edge", "worker", "courier"] as const;
  await until(
    () => ours.every((role) => lastPids(up)[role].every((pid, index) => pid !== pids[role][index])),
    { withinMs: readyMs, what: "all replaced" },
  );
  assert.deepEqual(lastPids(up).postgres, pids.postgres);
  assert.equal(lastPids(up).edge.length, 2);
  for (const [index, url] of urls.entries())
    assert.equal((await readEnv(url))["ROOKERY_NODE"], `edge-${index}`);
  assert.match(up.log(), /edge\.ts has changed/);
  assert.doesNotMatch(up.log(), /notes|swp/);
  // One after the other: the second edge was still there when the first served again.
  const [first, second] = ["edge-0: serves again", "closed edge-1"].map((said) => up.log().indexOf(said));
  assert.ok((first ?? -1) >= 0 && (first ?? 0) < (second ?? 0), up.log());
  up.child.kill("SIGTERM");
  assert.equal(await up.exited(), 0);
});

test("[contract 1] the number of shards stays what the folder was made with", async (t) => {
  const dataDir = await makeFolder(t);
  const first = spawnUp(t, dataDir, { ROOKERY_SHARDS: "8" });
  await ready(first);
  first.child.kill("SIGTERM");
  assert.equal(await first.exited(), 0);

  const other = spawnUp(t, dataDir, { ROOKERY_SHARDS: "16" });
  assert.equal(await other.exited(), 1);
  assert.match(other.log(), /made with 8 shards/);

  const same = spawnUp(t, dataDir);
  const { urls } = await ready(same);
  const env = await readEnv(urls[0]);
  assert.equal(env["ROOKERY_SHARDS"], "8");
});

test("a signal while it starts gives the start up, exit 0 and nothing left", async (t) => {
  const up = spawnUp(t, await makeFolder(t));
  await until(() => /postgres \d+: started/.test(up.log()), { withinMs: readyMs });
  up.child.kill("SIGTERM");
  assert.equal(await up.exited(), 0);
  assert.deepEqual(up.writes, []);
});

test("when npm above it is killed it stops by itself", async (t) => {
  const wrapper = `
    process.title = "npm start";
    require("node:child_process").spawn(process.execPath, [${JSON.stringify(fixture)}], { stdio: "inherit" });
  `;
  const npm = spawnUp(t, await makeFolder(t), {}, wrapper);
  const { pids } = await ready(npm);
  npm.child.kill("SIGKILL");
  await until(() => areGone(pids), { withinMs: 5_000 });
});

test("--telegram simulator starts one that the cluster takes for Telegram, and stops it with the rest", async (t) => {
  const dataDir = await makeFolder(t);
  const up = spawnUp(t, dataDir, { ROOKERY_TELEGRAM: "simulator" });
  const { urls } = await ready(up);
  const root = (await readEnv(urls[0]))["TELEGRAM_API_ROOT"] ?? "";
  assert.match(root, /^http:\/\/127\.0\.0\.1:\d+$/);
  await until(() => up.log().includes(`${root}/control/says`), { withinMs: 5_000 });
  const token = / token (\S+)\n/.exec(up.log())?.[1];
  const me = await fetch(`${root}/bot${token}/getMe`);
  assert.equal(me.status, 200, up.log());
  up.child.kill("SIGINT");
  assert.equal(await up.exited(), 0);
  await assert.rejects(fetch(`${root}/bot${token}/getMe`));
});
