import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPasswords } from "@rookery/auth";
import { openTestDatabase } from "@rookery/kit";
import { startParts } from "@rookery/local";
import { openLog } from "@rookery/runtime";
import { openStore, readCredential } from "@rookery/store";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function rookery(env: Record<string, string>, args: readonly string[], input = ""): Promise<Run> {
  const { DATABASE_URL: _, ROOKERY_DATA: __, ...rest } = process.env;
  return new Promise((resolve) => {
    const child = execFile(main, args, { env: { ...rest, ...env }, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
    child.stdin?.end(input);
  });
}

async function openEmpty(t: TestContext): Promise<string> {
  const database = await openTestDatabase({ isEmpty: true });
  t.after(() => database.close());
  return database.url;
}

test("migrate goes up, tells where it is and takes back what it is told to", async (t) => {
  const env = { DATABASE_URL: await openEmpty(t) };
  assert.match(
    (await rookery(env, ["migrate", "status"])).out,
    /^0001_cluster +missing\n0002_identity +missing$/m,
  );
  assert.match((await rookery(env, ["migrate", "up"])).out, /^applied 0001_cluster\napplied 0002_identity$/m);
  assert.equal((await rookery(env, ["migrate", "up"])).out, "nothing to apply\n");
  assert.match((await rookery(env, ["migrate", "status"])).out, /^0002_identity +\d{4}-\d\d-\d\dT/m);
  assert.match((await rookery(env, ["migrate", "down", "--steps", "1000"])).out, /^took back 0001_cluster$/m);
  assert.equal((await rookery(env, ["migrate", "down"])).out, "nothing to take back\n");
});

test("however many processes migrate at once, each step is applied by one of them, and all succeed", async (t) => {
  const env = { DATABASE_URL: await openEmpty(t) };
  const runs = await Promise.all(Array.from({ length: 6 }, () => rookery(env, ["migrate", "up"])));
  assert.deepEqual(
    runs.map(({ code, err }) => [code, err]),
    runs.map(() => [0, ""]),
  );
  const applied = runs.flatMap(({ out }) => [...out.matchAll(/^applied (\S+)$/gm)].map(([, name]) => name));
  assert.deepEqual(applied, [...new Set(applied)], "none twice");
  const { out } = await rookery(env, ["migrate", "status"]);
  assert.equal(applied.length, out.trim().split("\n").length);
  assert.doesNotMatch(out, /missing/);
});

test("what migrate cannot do is one line and exit 1", async (t) => {
  const env = { DATABASE_URL: await openEmpty(t) };
  for (const args of [
    ["migrate"],
    ["migrate", "sideways"],
    ["migrate", "up", "down"],
    ["migrate", "down", "--steps=0"],
  ]) {
    const { code, out, err } = await rookery(env, args);
    assert.deepEqual([code, out], [1, ""], args.join(" "));
    assert.match(err, /^rookery migrate: .+\n$/);
  }
});

test("user create makes an account that logs in with its role, once", async (t) => {
  const env = { DATABASE_URL: await openEmpty(t) };
  const create = (...args: string[]) => rookery(env, ["user", "create", ...args]);
  const early = await create("--username", "ada", "--password", "correct horse");
  assert.deepEqual([early.code, /migrate up/.test(early.err)], [1, true]);
  await rookery(env, ["migrate", "up"]);
  const made = await create("--username", "ada", "--password", "correct horse", "--role", "admin");
  assert.match(made.out, /^user \d+ created: ada \(admin\)\n$/);
  assert.equal(
    (await create("--username", "ADA", "--password", "correct horse")).err,
    "rookery user: The username is taken\n",
  );
  const typed = ["user", "create", "--email", "bob@example.org", "--password", "-"];
  assert.equal((await rookery(env, typed, "battery staple\n")).code, 0);

  const store = openStore({
    url: env.DATABASE_URL,
    name: "cli test",
    connectionsMax: 1,
    log: openLog("test", { LOG_LEVEL: "silent" }),
  });
  t.after(() => store.end());
  const ada = await readCredential(store, { kind: "username", username: "ada" });
  assert.deepEqual([ada?.role, ada?.displayName, ada?.isBot], ["admin", "ada", false]);
  assert.equal(await openPasswords().verify("correct horse", ada?.passwordHash), true);
  const bob = await readCredential(store, { kind: "email", email: "bob@example.org" });
  assert.deepEqual([bob?.role, bob?.displayName], ["member", "New user"]);
  const written = await rookery(env, ["audit", "--kind", "user_created", "--json"]);
  const roles = written.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).detail.role);
  assert.deepEqual(
    roles,
    ["admin", "member"],
    "who was made is in the audit log, once each, refused ones not",
  );
  assert.equal(await openPasswords().verify("battery staple", bob?.passwordHash), true);
});

test("what cannot be an account is one line and exit 1, before any database is asked", async () => {
  const env = { DATABASE_URL: "postgres://127.0.0.1:1/none" };
  const password = ["--password", "correct horse"];
  for (const args of [
    [],
    ["delete"],
    ["create", ...password],
    ["create", "--username", "ada"],
    ["create", "--username", "a@b", ...password],
    ["create", "--email", "ada", ...password],
    ["create", "--username", "ada", "--password", "short"],
    ["create", "--username", "ada", "--role", "king", ...password],
  ]) {
    const { code, out, err } = await rookery(env, ["user", ...args]);
    assert.deepEqual([code, out], [1, ""], args.join(" "));
    assert.match(err, /^rookery user: .+\n$/);
  }
});

test("without DATABASE_URL the private database of --data is used, started for the moment or running", async (t) => {
  const data = await mkdtemp(join(tmpdir(), "rookery-cli-"));
  t.after(() => rm(data, { recursive: true, force: true }));
  const create = (username: string) =>
    rookery({}, ["user", "create", "--username", username, "--password", "correct horse", "--data", data]);
  assert.equal((await create("ada")).code, 0);
  const parts = await startParts({ dataDir: data, env: {}, only: ["postgres"] });
  try {
    const second = await create("ada");
    assert.deepEqual([second.code, second.err], [1, "rookery user: The username is taken\n"]);
    assert.equal((await create("bob")).code, 0);
  } finally {
    await parts.close();
  }
});
