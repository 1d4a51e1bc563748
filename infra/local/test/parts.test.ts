import assert from "node:assert/strict";
import { mkdir, readFile, stat, symlink } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startParts } from "../src/mod.ts";
import { findProcesses, isAlive, readProcess, signalQuietly } from "../src/process-table.ts";
import { areGone, atEnd, makeFolder, spawnStarter, startIn, within } from "./starter.ts";

const orphanMsMax = 5_000;

async function ask(url: string, ...commands: readonly string[]): Promise<string> {
  const { port, password } = new URL(url);
  const lines = [`AUTH ${password}`, ...commands, "QUIT"];
  return await new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ host: "127.0.0.1", port: Number(port) });
    socket.once("error", reject);
    socket.once("connect", () => socket.write(lines.map((line) => `${line}\r\n`).join("")));
    socket.on("data", (chunk) => {
      answer += chunk.toString("utf8");
    });
    socket.once("close", () => resolve(answer));
  });
}

test("what was written is there after a stop and a start", async (t) => {
  const dataDir = await makeFolder(t);
  const first = await startIn(t, dataDir);
  assert.match(await ask(first.told.redisUrl, "SET bird rook"), /\+OK\r\n\+OK/);
  first.starter.child.kill("SIGTERM");
  assert.equal(await first.starter.exited(), 0);
  assert.ok(await areGone(Object.values(first.told.pids)), "a clean stop leaves no process");
  assert.match(first.starter.log(), /postgres: making the database folder/);

  const second = await startIn(t, dataDir);
  assert.match(await ask(second.told.redisUrl, "GET bird"), /rook/);
  assert.doesNotMatch(second.starter.log(), /making the database folder/);
  assert.equal(new URL(second.told.databaseUrl).password, new URL(first.told.databaseUrl).password);
});

test("old servers are found behind a link to the data folder", async (t) => {
  const folder = await makeFolder(t);
  const link = join(folder, "link");
  await mkdir(join(folder, "data"));
  await symlink(join(folder, "data"), link);
  const { starter, told } = await startIn(t, link);
  signalQuietly(told.pids.postgres, "SIGSTOP");
  starter.child.kill("SIGKILL");
  await starter.exited();
  // A stopped postmaster does not see the kernel's QUIT; the next start ends it.
  await startIn(t, link);
  assert.ok(await areGone(Object.values(told.pids)));
});

test("secrets in the data folder are for their owner only", async (t) => {
  const dataDir = await makeFolder(t);
  const parts = await startParts({ dataDir, env: withoutUrls(), only: ["redis"] });
  atEnd(t, () => parts.close());
  const { mode } = await stat(join(dataDir, "redis.password"));
  assert.equal(mode & 0o777, 0o600);
});

test("[L10] a killed starter leaves no process, stopped ones included, and the next start repairs", async (t) => {
  const dataDir = await makeFolder(t);
  const { starter, told } = await startIn(t, dataDir);
  const backends = await findProcesses(["postgres"], join(dataDir, "postgres"));
  assert.ok(backends.length > 3, "the backends are found by their folder");
  signalQuietly(told.pids.nats, "SIGSTOP");
  starter.child.kill("SIGKILL");
  await within(orphanMsMax, () => areGone([...Object.values(told.pids), ...backends.map(({ pid }) => pid)]));

  const second = await startIn(t, dataDir);
  assert.notEqual(second.told.pids.postgres, told.pids.postgres);
});

test("[L10] a postmaster that was killed is waited for, and its pid file taken away", async (t) => {
  const dataDir = await makeFolder(t);
  const { starter, told } = await startIn(t, dataDir);
  const pidFile = join(dataDir, "postgres", "postmaster.pid");
  // Both at once: nobody is left to tidy up.
  signalQuietly(told.pids.postgres, "SIGKILL");
  starter.child.kill("SIGKILL");
  await starter.exited();
  assert.match(await readFile(pidFile, "utf8"), new RegExp(`^${told.pids.postgres}\n`));
  await startIn(t, dataDir);
});

test("[L10] a part that dies serves again on its port", async (t) => {
  const dataDir = await makeFolder(t);
  const { starter, told } = await startIn(t, dataDir);
  for (const name of ["postgres", "nats", "redis"] as const) {
    const before = starter.told.length;
    signalQuietly(told.pids[name], "SIGKILL");
    await within(15_000, async () => await Promise.resolve(starter.told.length > before));
    const now = starter.told.at(-1);
    assert.notEqual(now?.pids[name], told.pids[name]);
    assert.equal(now?.databaseUrl, told.databaseUrl);
    assert.equal(now?.natsUrl, told.natsUrl);
    assert.equal(now?.redisUrl, told.redisUrl);
  }
});

test("a second start on a folder in use is refused and names the pid", async (t) => {
  const dataDir = await makeFolder(t);
  const { starter, told } = await startIn(t, dataDir);
  const second = spawnStarter(t, dataDir);
  assert.equal(await second.exited(), 1);
  assert.match(second.log(), new RegExp(`pid ${starter.child.pid}\\b`));
  assert.ok((await readProcess(told.pids.postgres)) !== undefined, "the first one goes on");
});

test("as root Postgres runs as another user, in a folder closed to that user", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("not root");
  const dataDir = await makeFolder(t);
  const parts = await startParts({ dataDir, env: withoutUrls(), only: ["postgres"] });
  atEnd(t, () => parts.close());
  const status = await readFile(`/proc/${parts.pids.postgres}/status`, "utf8");
  assert.doesNotMatch(status, /^Uid:\s+0\b/m);
  assert.equal((await stat(dataDir)).mode & 0o077, 0);
});

test("a URL that is given is used and nothing started for it", async (t) => {
  const redisUrl = await startRedis(t);
  const parts = await startParts({
    dataDir: await makeFolder(t),
    env: { ...withoutUrls(), REDIS_URL: redisUrl },
    only: ["redis"],
  });
  atEnd(t, () => parts.close());
  assert.equal(parts.redisUrl, redisUrl);
  assert.deepEqual(parts.pids, {});
});

test("a given URL where nobody listens is refused by the name of its variable", async (t) => {
  const env = { ...withoutUrls(), DATABASE_URL: "postgres://127.0.0.1:1/none" };
  await assert.rejects(startParts({ dataDir: await makeFolder(t), env }), {
    name: "ConfigError",
    message: /^DATABASE_URL .*127\.0\.0\.1:1 .*ECONNREFUSED/,
  });
});

test("a start that is given up leaves nothing", async (t) => {
  const dataDir = await makeFolder(t);
  const giveUp = new AbortController();
  const pids: number[] = [];
  const starting = startParts({
    dataDir,
    env: withoutUrls(),
    progress: (line) => {
      if (line.startsWith("redis")) giveUp.abort(new Error("enough"));
    },
    signal: giveUp.signal,
  });
  await assert.rejects(starting, /enough/);
  for (const [names, folder] of [
    [["postgres"], "postgres"],
    [["nats-server"], "nats"],
    [["redis-server"], "redis"],
  ] as const) {
    pids.push(...(await findProcesses(names, join(dataDir, folder))).map(({ pid }) => pid));
  }
  assert.deepEqual(pids, []);
});

test("a pid that was used again is another process", async () => {
  const self = await readProcess(process.pid);
  assert.ok(self !== undefined);
  assert.equal(await isAlive(self), true);
  assert.equal(await isAlive({ ...self, startTick: self.startTick - 1 }), false);
});

async function startRedis(t: TestContext): Promise<string> {
  const parts = await startParts({ dataDir: await makeFolder(t), env: withoutUrls(), only: ["redis"] });
  atEnd(t, () => parts.close());
  return parts.redisUrl;
}

function withoutUrls(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _d, NATS_URL: _n, REDIS_URL: _r, ...env } = process.env;
  return env;
}
