/** `status`, `shards`, `sockets` and `dead-letters` beside a running cluster. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Cluster, startCluster, until } from "@rookery/kit";
import { readPrivateUrls } from "@rookery/local";
import { type LoggedCommand, shardOf } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { openStore, type Store } from "@rookery/store";
import type { ShardView } from "../src/shard-view.ts";
import type { StatusView } from "../src/status-view.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const shards = 8;

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Account {
  readonly id: number;
  readonly token: string;
}

let cluster: Cluster;
let store: Store;

before(async () => {
  cluster = await startCluster({ shards });
  const { databaseUrl = "" } = await readPrivateUrls(cluster.dataDir);
  const log = openLog("test", { LOG_LEVEL: "silent" });
  store = openStore({ url: databaseUrl, name: "operator test", connectionsMax: 1, log });
});

after(async () => {
  await store?.end();
  await cluster?.close();
});

function rookery(args: readonly string[], dataDir = cluster.dataDir, set: object = {}): Promise<Run> {
  const { DATABASE_URL: _d, NATS_URL: _n, REDIS_URL: _r, ROOKERY_DATA: _f, ...rest } = process.env;
  const env = { ...rest, ...set };
  return new Promise((resolve) => {
    execFile(main, [...args, "--data", dataDir], { env, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

test("sockets: who is connected and where, of all and of one user", async () => {
  const person = async (name: string): Promise<Account> => {
    const email = `${name}@sockets.example`;
    const body = { email, password: "correct horse" };
    const made = await ask<{ user: { id: number }; accessToken: string }>("POST", "/v1/auth/register", body);
    return { id: made.user.id, token: made.accessToken };
  };
  const [ada, bob] = [await person("ada"), await person("bob")];
  const url = `${cluster.edges[0]?.replace("http", "ws")}/v1/ws`;
  const open = [ada, ada, bob].map(
    ({ token }, index) =>
      new WebSocket(`${url}?device=d${index}\u001b[2J`, ["rookery.v1.json", `bearer.${token}`]),
  );
  interface Seen {
    readonly userId: number;
    readonly device: string;
  }
  const seen = async (...args: string[]): Promise<readonly Seen[]> =>
    JSON.parse((await rookery(["sockets", "--json", ...args])).out) as Seen[];
  await until(async () => (await seen()).length === open.length, { withinMs: 20_000, what: "the sockets" });
  const own = await seen("--user", String(ada.id));
  assert.deepEqual(
    own.map(({ userId }) => userId),
    [ada.id, ada.id],
  );
  const { out } = await rookery(["sockets"]);
  assert.match(out, /^3 sockets of 2 users on 1 edges\n/);
  assert.ok(!out.includes("\u001b"), "what a terminal would obey is made visible");
  for (const socket of open) socket.close();
  await until(async () => (await seen()).length === 0, { withinMs: 20_000, what: "nobody" });
});

test("status: who is alive, what each does and what waits; exit 1 when something is missing", async () => {
  const lines = [
    /^all is there\n/,
    /^edge-0\.\w+ +edge +- +- +0 +[\d.]+$/m,
    /^worker-0\.\w+ +worker +8 +\d+ +- +[\d.]+$/m,
    /^courier-0\.\w+ +courier +8 +- +- +[\d.]+$/m,
    /^shards with an owner +8 of 8 log, 8 of 8 job$/m,
  ];
  let run: Run | undefined;
  // On a busy machine a process may be late with its word.
  const isTold = async (): Promise<boolean> => {
    run = await rookery(["status"]);
    return run.code === 0 && lines.every((line) => line.test(run?.out ?? ""));
  };
  await until(isTold, { withinMs: 120_000, what: "a whole cluster" }).catch((cause: unknown) => {
    throw new Error(`${run?.out}${run?.err}`, { cause });
  });
  let view: StatusView | undefined;
  const isJson = async (): Promise<boolean> => {
    view = JSON.parse((await rookery(["status", "--json"])).out) as StatusView;
    return view.ok;
  };
  await until(isJson, { withinMs: 120_000, what: "the same as JSON" });
  assert.deepEqual([view?.missing, view?.backlog.telegramSends, view?.backlog.webhookDeliveries], [[], 0, 0]);

  const deaf = await rookery(["status"], cluster.dataDir, {
    NATS_URL: "nats://127.0.0.1:9",
    REDIS_URL: "redis://127.0.0.1:9",
  });
  assert.equal(deaf.code, 1, deaf.out);
  assert.match(deaf.out, /^something is missing:\n {2}NATS does not answer.*\n {2}Redis does not answer\n/);
});

async function ask<T>(method: string, path: string, body?: unknown, token = ""): Promise<T> {
  const response = await fetch(`${cluster.edges[0]}${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
  return (await response.json()) as T;
}

async function register(name: string): Promise<Account> {
  const account = { email: `${name}@example.com`, password: "correct horse" };
  const made = await ask<{ user: { id: number }; accessToken: string }>("POST", "/v1/auth/register", account);
  return { id: made.user.id, token: made.accessToken };
}

async function park(command: LoggedCommand): Promise<number> {
  const { kind, id } = command.actor;
  const { rows } = await store.query<{ id: number }>(
    `insert into dead_letter (shard, seq, actor, sender_id, uuid, command, reason, parked_ms)
     values ($1, 1, $2, $3, $4, $5, 'parked by a test', $6) returning id`,
    [
      shardOf(kind, id, shards),
      `${kind}:${id}`,
      command.senderId,
      command.uuid,
      JSON.stringify(command),
      Date.now(),
    ],
  );
  return rows[0]?.id ?? 0;
}

function say(chatId: number, senderId: number, uuid: string, body: string): LoggedCommand {
  const command = { kind: "send", messageKind: "text", body } as const;
  return { actor: { kind: "chat", id: chatId }, senderId, uuid, source: "rest", ref: 7, command };
}

test("shards are shown with owner and lag, of both kinds", async () => {
  const sum = `${shards} log shards, 1 owners, 0 without one, lag 0\n`;
  let out = "";
  const isSaid = async (): Promise<boolean> => {
    ({ out } = await rookery(["shards", "--once"]));
    return out.startsWith(sum);
  };
  // On a busy machine a worker may be late with its word.
  await until(isSaid, { withinMs: 30_000, what: sum });
  assert.equal(out.match(/^ +\d+ {2}worker-0\.\w+ +1 +\d+ +0 +(?:\d+m )?\d+s +0$/gm)?.length, shards, out);

  const views = JSON.parse((await rookery(["shards", "--json"])).out) as ShardView[];
  assert.deepEqual(
    views.map(({ shard, deaths }) => [shard, deaths]),
    Array.from({ length: shards }, (_, shard) => [shard, 0]),
  );
  const jobs = await rookery(["shards", "--kind", "job"]);
  assert.match(jobs.out, /^8 job shards, 1 owners, 0 without one, lag unknown\n/);
  assert.match(jobs.out, /^ +0 {2}courier-0\./m);
});

test("[L8] a parked command is listed, and applied once by a retry, however often", async () => {
  assert.equal((await rookery(["dead-letters", "list"])).out, "no dead letters\n");
  const [ada, bob] = await Promise.all([register("ada"), register("bob")]);
  const group = { type: "group", title: "rooks", memberIds: [bob.id] };
  const chat = await ask<{ id: number }>("POST", "/v1/chats", group, ada.token);
  const id = await park(say(chat.id, ada.id, "lost-1", "late but here"));
  const noMember = await park(say(chat.id, 999_999, "lost-2", "never here"));
  // What Postgres does not take it will not take the next time.
  const bad = await park(say(chat.id, ada.id, "lost-3", "no text\0"));

  const { out } = await rookery(["dead-letters", "list"]);
  assert.match(out, new RegExp(`^ *${id}  .* chat:${chat.id} .* lost-1 +parked by a test +-$`, "m"));
  const [newest] = JSON.parse((await rookery(["dead-letters", "list", "--json", "--limit", "1"])).out) as {
    id: number;
    command: LoggedCommand;
  }[];
  assert.deepEqual([newest?.id, newest?.command.uuid], [bad, "lost-3"]);

  const first = await rookery(["dead-letters", "retry", String(id)]);
  assert.match(first.out, new RegExp(`^${id}: applied to chat:${chat.id} as message \\d+\n$`));
  assert.equal(first.code, 0, first.err);
  const again = await rookery(["dead-letters", "retry", String(id)]);
  assert.equal(again.out, first.out);
  const { items } = await ask<{ items: { uuid: string; body: string }[] }>(
    "GET",
    `/v1/chats/${chat.id}/messages`,
    undefined,
    bob.token,
  );
  assert.deepEqual(
    items.filter(({ uuid }) => uuid === "lost-1").map(({ body }) => body),
    ["late but here"],
  );

  const rest = await rookery(["dead-letters", "retry", "--all"]);
  assert.match(rest.out, new RegExp(`^${noMember}: refused by chat:${chat.id}`, "m"));
  assert.match(rest.out, new RegExp(`^${bad}: failed again and is parked as \\d+: .+`, "m"));
  assert.doesNotMatch(rest.out, new RegExp(`^${id}:`, "m"));
  assert.equal(rest.code, 1);
  const left = JSON.parse((await rookery(["dead-letters", "list", "--json"])).out) as { uuid: string }[];
  assert.deepEqual(
    left.map(({ uuid }) => uuid),
    ["lost-3"],
  );
});

test("what cannot be done is one line and exit 1", async () => {
  for (const args of [
    ["shards", "please"],
    ["shards", "--kind", "queen"],
    ["dead-letters"],
    ["dead-letters", "list", "--limit", "0"],
    ["dead-letters", "retry"],
    ["dead-letters", "retry", "1", "--all"],
    ["dead-letters", "retry", "one"],
    ["dead-letters", "retry", "999999"],
  ]) {
    const { code, out, err } = await rookery(args);
    assert.deepEqual([code, out], [1, ""], args.join(" "));
    assert.match(err, /^rookery [a-z-]+: .+\n$/);
  }
});

test("where no cluster runs, none is made", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "rookery-none-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const args of [["shards"], ["dead-letters", "list"]]) {
    const { code, err } = await rookery(args, folder);
    assert.equal(code, 1);
    assert.match(err, /no cluster runs in .*npm start/);
  }
});
