/** `role` and `key` beside a running cluster: what they say is so on its edge at once. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
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

let cluster: Cluster;

before(async () => {
  cluster = await startCluster({ shards: 8 });
});
after(async () => {
  await cluster?.close();
});

function rookery(...args: string[]): Promise<Run> {
  const { DATABASE_URL: _d, NATS_URL: _n, REDIS_URL: _r, ROOKERY_DATA: _f, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(main, [...args, "--data", cluster.dataDir], { env, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

async function ask(path: string, headers: Record<string, string>, body?: object): Promise<Response> {
  return await fetch(`${cluster.edges[0]}${path}`, {
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
}

test("[A4] a key made by command works, is listed without its secret, and is none once revoked", async () => {
  await rookery("user", "create", "--username", "ada", "--password", password);
  const made = await rookery(
    "key",
    "create",
    "--user",
    "ada",
    "--name",
    "bot",
    "--scopes",
    "chats:read",
    "--days",
    "1",
  );
  const [, id = "", key = ""] = /^key (\d+) of user \d+: (rk_\S+)\n$/.exec(made.out) ?? [];
  assert.equal((await ask("/v1/chats", { "x-api-key": key })).status, 200, made.err);
  assert.equal((await ask("/v1/users?query=x", { "x-api-key": key })).status, 403);
  const { out } = await rookery("key", "list", "--user", "ada");
  assert.match(out, /chats:read/);
  assert.ok(!out.includes(key.slice(16)));
  assert.equal((await rookery("key", "revoke", id)).out.startsWith(`key ${id} of user`), true);
  await until(async () => (await ask("/v1/chats", { "x-api-key": key })).status === 401, { withinMs: 1_000 });
});

test("[A5] a role given by command counts at once, for tokens that were there before", async () => {
  await rookery("user", "create", "--username", "bob", "--password", password);
  const login = await ask("/v1/auth/login", {}, { username: "bob", password });
  const { accessToken: token } = (await login.json()) as { accessToken: string };
  const mayManage = async (): Promise<boolean> => {
    const body = { token, resource: "cluster", action: "manage" };
    const answer = await ask("/v1/auth/check", { authorization: `Bearer ${token}` }, body);
    return ((await answer.json()) as { allowed: boolean }).allowed;
  };
  assert.equal(await mayManage(), false);
  assert.equal((await rookery("role", "grant", "operator", "--user", "bob")).out, "bob is operator now\n");
  await until(mayManage, { withinMs: 1_000 });
  const { out } = await rookery("role", "list");
  assert.match(out, /^operator +1 .*cluster:manage/m);
  assert.match(out, /^admin +0 +\*$/m);
  assert.equal((await rookery("role", "revoke", "--user", "bob")).out, "bob is member now\n");
  await until(async () => !(await mayManage()), { withinMs: 1_000 });
});

test("[A5] what a role permits is changed by command, and counts at once for who has the role", async () => {
  await rookery("user", "create", "--username", "eve", "--password", password);
  const login = await ask("/v1/auth/login", {}, { username: "eve", password });
  const { accessToken: token } = (await login.json()) as { accessToken: string };
  const may = async (resource: string, action: string): Promise<boolean> => {
    const body = { token, resource, action };
    const answer = await ask("/v1/auth/check", { authorization: `Bearer ${token}` }, body);
    return ((await answer.json()) as { allowed: boolean }).allowed;
  };
  assert.deepEqual([await may("orders", "read"), await may("bots", "manage")], [false, true]);
  const granted = await rookery(
    "role",
    "permissions",
    "member",
    "--grant",
    "orders:read,orders:write",
    "--revoke",
    "bots:manage",
  );
  assert.match(granted.out, /^member permits .*orders:read orders:write/);
  assert.doesNotMatch(granted.out, /bots:manage/);
  // Told by the bus; without it an edge finds it in seconds.
  await until(async () => (await may("orders", "write")) && !(await may("bots", "manage")), {
    withinMs: 10_000,
  });
  assert.match((await rookery("audit")).out, /role_changed/);
  const back = ["--grant", "bots:manage", "--revoke", "orders:read,orders:write"];
  assert.doesNotMatch((await rookery("role", "permissions", "member", ...back)).out, /orders/);
  const asked = await rookery("role", "permissions", "member");
  assert.match(asked.out, /bots:manage/);
});

test("what cannot be is one line and exit 1", async () => {
  for (const args of [
    ["key"],
    ["key", "create", "--user", "nobody", "--name", "x"],
    ["key", "create", "--user", "ada", "--scopes", "chats:read"],
    ["key", "create", "--user", "ada", "--name", "x", "--scopes", "everything"],
    ["key", "revoke", "999999"],
    ["key", "revoke", "x"],
    ["role", "grant", "king", "--user", "ada"],
    ["role", "grant", "admin"],
    ["role", "permissions"],
    ["role", "permissions", "king"],
    ["role", "permissions", "member", "--grant", "everything"],
    ["role", "permissions", "member", "--grant", "*"],
    ["role", "permissions", "admin", "--revoke", "chats:read"],
    ["role", "grant", "admin", "--user", "nobody@example.org"],
  ]) {
    const { code, out, err } = await rookery(...args);
    assert.deepEqual([code, out], [1, ""], args.join(" "));
    assert.match(err, /^rookery (key|role): .+\n$/);
  }
});
