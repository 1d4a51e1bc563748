/** `user`, `session` and `audit` beside a running cluster. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Cluster, startCluster, until } from "@rookery/kit";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const password = "correct horse";

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Answer {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
}

let cluster: Cluster;

before(async () => {
  cluster = await startCluster({ shards: 8 });
});

after(() => cluster?.close());

function environment(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _d, NATS_URL: _n, REDIS_URL: _r, ROOKERY_DATA: _f, ...env } = process.env;
  return env;
}

function rookery(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    const command = [...args, "--data", cluster.dataDir];
    execFile(main, command, { env: environment(), timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

async function ask(method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
  const response = await fetch(`${cluster.edges[0]}${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : JSON.parse(text) };
}

async function logIn(username: string): Promise<{ token: string; refreshToken: string; id: number }> {
  const account = { email: `${username}@example.com`, username, password, device: "test" };
  const first = await ask("POST", "/v1/auth/register?refresh=body", account);
  const { body } = first.status === 201 ? first : await ask("POST", "/v1/auth/login?refresh=body", account);
  return { token: body.accessToken, refreshToken: body.refreshToken, id: body.user.id };
}

const isLet = async (token: string) => (await ask("GET", "/v1/users/me", undefined, token)).status === 200;

test("accounts are listed page by page and shown by id, username or email address", async () => {
  const ada = await logIn("ada");
  await logIn("bob");
  const { out } = await rookery("user", "list");
  assert.match(out, new RegExp(`^ *${ada.id} +ada +ada@example.com +ada +member`, "m"));
  const first = JSON.parse((await rookery("user", "list", "--limit", "1", "--json")).out);
  const rest = JSON.parse((await rookery("user", "list", "--after", String(first[0].id), "--json")).out);
  assert.deepEqual(
    [...first, ...rest].map(({ username }: { username: string }) => username),
    ["ada", "bob"],
  );
  for (const name of [String(ada.id), "Ada@Example.com"]) {
    const shown = await rookery("user", "show", name);
    assert.match(shown.out, /^email +ada@example\.com$/m);
    assert.match(shown.out, /^sessions +1$/m);
  }
});

test("[A3] a session that an operator revokes is worthless within a second, and is written down", async () => {
  const [first, second] = [await logIn("carl"), await logIn("carl")];
  const list = JSON.parse((await rookery("session", "list", "--user", "carl", "--json")).out);
  assert.deepEqual([list.length, list[0].device], [2, "test"]);
  assert.match((await rookery("session", "list", "--user", "carl")).out, /127\.0\.0\.1 +test/);
  const older = list[1].id;
  const revoked = await rookery("session", "revoke", String(older));
  assert.deepEqual([revoked.code, revoked.out], [0, `ended: ${older}\n`]);
  await until(async () => !(await isLet(first.token)), { withinMs: 1_000 });
  assert.ok(await isLet(second.token));
  assert.equal((await rookery("session", "revoke", String(older))).code, 1, "it has ended");
  assert.equal((await rookery("session", "revoke", "--user", "carl")).out, `ended: ${list[0].id}\n`);
  await until(async () => !(await isLet(second.token)), { withinMs: 1_000 });
  const { out } = await rookery("audit", "--user", "carl");
  assert.match(out, /registered[^]*login[^]*session_revoked[^]*"reason":"operator"[^]*sessions_revoked/);
});

test("a disabled account is out at once, keys too, and cannot come back until it is enabled", async () => {
  const dan = await logIn("dan");
  const key = await ask("POST", "/v1/apikeys", { name: "k", scopes: ["users:read"] }, dan.token);
  assert.equal(key.status, 201, JSON.stringify(key.body));
  assert.ok(await isLet(key.body.key));
  const { out } = await rookery("user", "disable", "dan");
  assert.equal(out, `user ${dan.id} disabled; sessions ended: 1, keys revoked: 1\n`);
  await until(async () => !(await isLet(dan.token)) && !(await isLet(key.body.key)), { withinMs: 1_000 });
  const login = () => ask("POST", "/v1/auth/login", { username: "dan", password });
  assert.equal((await login()).body.code, "bad_credentials");
  assert.equal((await ask("POST", "/v1/auth/refresh", { refreshToken: dan.refreshToken })).status, 401);
  assert.equal((await rookery("user", "disable", "dan")).out, `user ${dan.id} is disabled already\n`);
  assert.equal((await rookery("user", "enable", "dan")).out, `user ${dan.id} enabled\n`);
  assert.equal((await login()).status, 200);
  assert.ok(!(await isLet(key.body.key)), "a revoked key stays revoked");
});

test("a new signing key is taken up while the cluster runs; tokens of the one before it go on, until it is forgotten", async () => {
  const kidOf = (token: string): string =>
    JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;
  const kids = async () =>
    (await ask("GET", "/.well-known/jwks.json")).body.keys.map(({ kid }: { kid: string }) => kid);
  const before = await logIn("eve");
  const rotated = await rookery("session", "rotate-key");
  assert.equal(rotated.code, 0, rotated.err);
  const kid = /^(\S+) signs/.exec(rotated.out)?.[1] ?? "";
  await until(async () => (await kids())[0] === kid, { withinMs: 10_000 });
  assert.deepEqual(await kids(), [kid, kidOf(before.token)]);
  assert.ok(await isLet(before.token));
  const later = await logIn("eve");
  assert.equal(kidOf(later.token), kid);
  assert.ok(await isLet(later.token));

  assert.equal((await rookery("session", "rotate-key", "--forget")).code, 0);
  await until(async () => !(await isLet(later.token)), { withinMs: 10_000 });
  assert.ok(!(await isLet(before.token)));
  const renewed = await ask("POST", "/v1/auth/refresh", { refreshToken: later.refreshToken });
  assert.equal(renewed.status, 200);
  assert.ok(await isLet(renewed.body.accessToken));
});

test("the audit log is followed, filtered, and holds nothing that was typed", async (t) => {
  await logIn("fay");
  const follower: ChildProcess = spawn(
    main,
    ["audit", "--follow", "--json", "--kind", "login_failed", "--data", cluster.dataDir],
    {
      env: environment(),
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  t.after(() => follower.kill());
  let out = "";
  follower.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  const fail = () => ask("POST", "/v1/auth/login", { username: "fay", password: "typed secret" });
  // It may not have begun to look yet.
  await until(async () => (await fail(), out.trim().split("\n").length > 2), { withinMs: 20_000 });
  follower.kill("SIGINT");
  await once(follower, "exit");
  const events = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.ok(events.every(({ kind }: { kind: string }) => kind === "login_failed"));
  const ids = events.map(({ id }: { id: number }) => id);
  assert.deepEqual(ids, [...new Set(ids)], "none twice");
  assert.doesNotMatch((await rookery("audit", "--json", "--limit", "1000")).out, /secret|correct/);
});

test("what cannot be done is one line and exit 1", async () => {
  for (const args of [
    ["user", "show"],
    ["user", "disable", "nobody"],
    ["session", "list"],
    ["session", "revoke", "x"],
    ["session", "revoke", "1", "--user", "ada"],
    ["audit", "--limit", "many"],
  ]) {
    const { code, out, err } = await rookery(...args);
    assert.deepEqual([code, out], [1, ""], args.join(" "));
    assert.match(err, /^rookery [a-z-]+: .+\n$/);
  }
});
