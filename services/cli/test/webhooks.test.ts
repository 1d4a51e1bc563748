import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openSecretBox, parseMasterKey } from "@rookery/auth";
import { openTestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import {
  insertEndpoint,
  insertEndpointSecret,
  insertUser,
  openStore,
  readEndpointSecrets,
  webhookSecretOwner,
} from "@rookery/store";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const database = await openTestDatabase();
const store = openStore({
  url: database.url,
  name: "t",
  connectionsMax: 2,
  log: openLog("t", { LOG_LEVEL: "silent" }),
});
const folder = await mkdtemp(join(tmpdir(), "rookery-webhooks-"));
after(async () => {
  await store.end();
  await database.close();
  await rm(folder, { recursive: true });
});

const file = (name: string) => join(folder, name);
const [oldKey, newKey] = [1, 2].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer];
let ownerId = 0;

before(async () => {
  await writeFile(file("old"), oldKey);
  await writeFile(file("new"), newKey);
  const person = { email: null, displayName: "P", passwordHash: null, role: "member", createdMs: 1 } as const;
  ownerId = (await insertUser(store, { ...person, username: "owner", isBot: false })).id;
});

function rookery(
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const env = { ...process.env, DATABASE_URL: database.url, MASTER_KEY_FILE: file("new") };
  return new Promise((resolve) => {
    execFile(main, args, { env, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

const settings = {
  url: "https://example.com/",
  scope: "all",
  chatId: null,
  botId: null,
  events: null,
  fifo: false,
  rateLimit: null,
  concurrency: null,
  timeoutMs: 15_000,
  retry: null,
} as const;
const endpoint = () => insertEndpoint(store, { ownerId, requestUuid: null, createdMs: 1 }, settings);

async function leave(endpointId: number, name: string, state: string, createdMs: number): Promise<string> {
  const id = `msg_${endpointId}_${name}`;
  await store.query(
    `insert into webhook_delivery (id, endpoint_id, event_id, type, place, sub, state, attempts, tries, next_ms, status,
       created_ms, done_ms)
     values ($1, $2, $1, 'message.created', 1, 0, $3, 5, 5, $4, 503, $4, $4)`,
    [id, endpointId, state, createdMs],
  );
  return id;
}

test("what waits and what is dead is listed, of all, of one endpoint, of a time, and sent again", async () => {
  const [one, other] = [await endpoint(), await endpoint()];
  const nowMs = Date.now();
  const old = await leave(one.id, "m1", "dead", nowMs - 10 * 3_600_000);
  const fresh = await leave(one.id, "m2", "dead", nowMs - 60_000);
  const others = await leave(other.id, "m1", "dead", nowMs);
  const waiting = await leave(other.id, "m2", "pending", nowMs);
  const idsOf = async (...args: string[]): Promise<string[]> => {
    const { out, err, code } = await rookery("webhooks", ...args, "--json");
    assert.equal(code, 0, err);
    return (JSON.parse(out) as { id: string }[]).map(({ id }) => id);
  };
  assert.deepEqual(await idsOf("dead"), [others, fresh, old]);
  assert.deepEqual(await idsOf("dead", "--endpoint", String(one.id)), [fresh, old]);
  assert.deepEqual(await idsOf("dead", "--since", "2h"), [others, fresh]);
  assert.deepEqual(await idsOf("dead", "--since", new Date(nowMs).toISOString()), [others]);
  assert.deepEqual(await idsOf("pending"), [waiting]);
  const table = await rookery("webhooks", "dead", "--limit", "1");
  assert.match(table.out, /message\.created .* 5 .* 503/);
  assert.match(table.out, /2 more/);

  const said = await rookery("webhooks", "replay", old, waiting, "msg_0_no");
  assert.equal(said.code, 1);
  assert.deepEqual(said.out.trim().split("\n"), [
    `${old}: goes again`,
    `${waiting}: is under way already`,
    "msg_0_no: there is no such delivery",
  ]);
  const all = await rookery("webhooks", "replay", "--endpoint", String(one.id), "--since", "1d");
  assert.deepEqual([all.code, all.out], [0, "1 deliveries go again\n"]);
  assert.deepEqual(await idsOf("dead"), [others]);
  const { rows } = await store.query("select tries, done_ms from webhook_delivery where id = $1", [fresh]);
  assert.deepEqual(rows, [{ tries: 0, done_ms: null }]);
});

test("what cannot be meant is refused in a line", async () => {
  for (const args of [
    ["webhooks"],
    ["webhooks", "replay"],
    ["webhooks", "replay", "msg_1", "--endpoint", "1"],
    ["webhooks", "dead", "--endpoint", "x"],
    ["webhooks", "dead", "--since", "yesterday"],
    ["rekey"],
  ]) {
    const { code, err } = await rookery(...args);
    assert.equal(code, 1, args.join(" "));
    assert.match(err, /^rookery (webhooks|rekey): [^\n]+\n$/);
  }
});

test("`rekey` seals what webhooks are signed with under another key", async () => {
  const { id: endpointId } = await endpoint();
  const before = openSecretBox(parseMasterKey(oldKey));
  const sealed = before.sealSecret("whsec_abc", webhookSecretOwner(endpointId));
  const row = { endpointId, kind: "v1", public: null, createdMs: 1, requestUuid: null } as const;
  await insertEndpointSecret(store, { ...row, ...sealed });
  const done = await rookery("rekey", "--old-key", file("old"));
  assert.deepEqual([done.code, done.err], [0, ""]);
  assert.match(done.out, /^0 bots, headers for services of 0, and 1 secrets of webhooks/);
  const [now] = await readEndpointSecrets(store, [endpointId], 2);
  assert.ok(now);
  const opened = openSecretBox(parseMasterKey(newKey)).openSecret(now, webhookSecretOwner(endpointId));
  assert.equal(opened, "whsec_abc");
  const { rows } = await store.query("select version from webhook_endpoint where id = $1", [endpointId]);
  assert.deepEqual(rows, [{ version: 2 }]);
});
