import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { openTestDatabase, parsePids, until } from "../src/mod.ts";
import { withoutServers } from "../src/test-part.ts";

test("databases made at once are apart, current, and gone after close", async () => {
  const databases = await Promise.all(Array.from({ length: 4 }, () => openTestDatabase()));
  assert.equal(new Set(databases.map(({ url }) => url)).size, 4);
  const [url = ""] = databases.map((database) => database.url);
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  pool.on("error", () => undefined);
  assert.ok(((await pool.query("select from migration")).rowCount ?? 0) > 0);
  await Promise.all(databases.map((database) => database.close()));
  await assert.rejects(pool.query("select 1"));
  await pool.end();
});

test("until returns what the condition answers, and says what did not come", async () => {
  let asked = 0;
  assert.equal(await until(() => (++asked === 3 ? "rook" : ""), { withinMs: 1_000 }), "rook");
  await assert.rejects(
    until(() => Promise.reject(new Error("no rook")), { withinMs: 30, what: "a rook" }),
    (error: Error) => /not within 30 ms: a rook/.test(error.message) && /no rook/.test(String(error.cause)),
  );
});

test("the pids line is read by role", () => {
  const pids = parsePids("pids edge=1,2 worker=3 courier=4 postgres=5");
  assert.deepEqual(pids, { edge: [1, 2], worker: [3], courier: [4], postgres: [5], nats: [], redis: [] });
});

test("a file that runs by itself gets a server of its own, which ends with it", async () => {
  const mod = new URL("../src/mod.ts", import.meta.url).href;
  const local = new URL("../../../infra/local/src/process-table.ts", import.meta.url).href;
  const script = `
    import { readdir } from "node:fs/promises";
    import { redisUrl } from ${JSON.stringify(mod)};
    import { readProcess } from ${JSON.stringify(local)};
    const urls = await Promise.all([redisUrl(), redisUrl()]);
    const pids = (await readdir("/proc")).map(Number).filter(Number.isInteger);
    const children = (await Promise.all(pids.map(readProcess))).filter((one) => one?.parentPid === process.pid);
    console.log(JSON.stringify({ urls, pids: children.map(({ pid }) => pid) }));
  `;
  const { ROOKERY_TEST_REDIS_URL: _url, ...env } = withoutServers(process.env);
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    env,
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString("utf8");
  });
  const [code]: unknown[] = await once(child, "exit");
  assert.equal(code, 0);
  const told: { urls: string[]; pids: number[] } = JSON.parse(out);
  assert.equal(told.urls[0], told.urls[1]);
  assert.equal(told.pids.length, 1);
  for (const pid of told.pids) {
    await until(() => !isThere(pid), { withinMs: 5_000 });
  }
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
