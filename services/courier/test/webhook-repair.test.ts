import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, afterEach, beforeEach, test } from "node:test";
import { openSecretBox, parseMasterKey } from "@rookery/auth";
import { openTestDatabase, until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import {
  botSecretOwner,
  deleteBot,
  inTransaction,
  insertBot,
  insertUser,
  openStore,
  readBot,
  updateBot,
} from "@rookery/store";
import { retryDelayMs } from "../src/retry-delay.ts";
import { startWebhookRepair } from "../src/webhook-repair.ts";

const database = await openTestDatabase();
const log = openLog("test", { LOG_LEVEL: "silent" });
const store = openStore({ url: database.url, name: "courier test", connectionsMax: 4, log });
const secrets = openSecretBox(parseMasterKey(Buffer.alloc(32, 3)));

interface Call {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}
const calls: Call[] = [];
const ok = { status: 200, body: { ok: true, result: true } };
let answer: (path: string) => { readonly status: number; readonly body: unknown } = () => ok;
const telegram = createServer((request, response) => {
  let text = "";
  request.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  request.on("end", () => {
    const path = request.url ?? "";
    const sent: Call["body"] = JSON.parse(text);
    calls.push({ path, body: sent });
    const { status, body } = answer(path);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
});
await new Promise<void>((resolve) => telegram.listen(0, "127.0.0.1", resolve));
const address = telegram.address();
assert.ok(address !== null && typeof address === "object");
const apiRoot = `http://127.0.0.1:${address.port}`;

after(async () => {
  telegram.closeAllConnections();
  telegram.close();
  await store.end();
  await database.close();
});
/** Those of a test that failed would hold the file open. */
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const repair of opened.splice(0)) await repair.close();
});
beforeEach(() => {
  calls.length = 0;
  answer = () => ok;
});

const withinMs = 50_000;
const owner = await insertPerson("owner", false);

function insertPerson(username: string, isBot: boolean) {
  return insertUser(store, {
    username,
    email: null,
    displayName: username,
    passwordHash: null,
    role: "member",
    isBot,
    createdMs: 1,
  });
}

async function insertTestBot(username: string, mode: "webhook" | "polling" = "webhook"): Promise<number> {
  const { id } = await insertPerson(username, true);
  await inTransaction(store, (db) =>
    insertBot(db, {
      id,
      ownerId: owner.id,
      username,
      mode,
      token: secrets.sealSecret(`${id}:token`, botSecretOwner.token(id)),
      secret: secrets.sealSecret(`secret-${id}`, botSecretOwner.webhook(id)),
      secretDigest: Buffer.alloc(32),
      requestUuid: null,
      createdMs: Date.now(),
    }),
  );
  return id;
}

function start(change: { publicUrl?: string; ownsBot?: (id: number) => boolean } = {}) {
  const repair = startWebhookRepair({
    store,
    secrets,
    apiRoot,
    publicUrl: change.publicUrl ?? "https://chat.example.org/",
    log,
    ownsBot: change.ownsBot ?? (() => true),
    pollMs: 20,
  });
  opened.push(repair);
  return repair;
}

async function statusOf(id: number) {
  return (await readBot(store, owner.id, id))?.webhookStatus;
}

test("a new bot's webhook is set, with its address, its secret and every type of update", async () => {
  const id = await insertTestBot("new_bot");
  const repair = start();
  await until(async () => (await statusOf(id)) === "set", { withinMs });
  await repair.close();
  assert.equal(calls.length, 1);
  assert.equal(calls[0]?.path, `/bot${id}:token/setWebhook`);
  const { url, secret_token: secret, allowed_updates: types } = calls[0]?.body ?? {};
  assert.equal(url, "https://chat.example.org/v1/telegram/webhook/new_bot");
  assert.equal(secret, `secret-${id}`);
  assert.ok(Array.isArray(types) && types.length === 27);
});

test("a polling bot's webhook is taken away, and another process's bot is left alone", async () => {
  const polling = await insertTestBot("polling_bot", "polling");
  const foreign = await insertTestBot("foreign_bot");
  const repair = start({ ownsBot: (id) => id !== foreign });
  await until(async () => (await statusOf(polling)) === "off", { withinMs });
  await repair.close();
  assert.deepEqual(
    calls.map((call) => call.path),
    [`/bot${polling}:token/deleteWebhook`],
  );
  assert.equal(await statusOf(foreign), "pending");
  await deleteBot(store, { id: foreign, ownerId: owner.id }, 1);
});

test("while Telegram is away the webhook stays pending with the reason, and is set when it comes back", async () => {
  answer = () => ({ status: 502, body: "bad gateway" });
  const id = await insertTestBot("patient_bot");
  const repair = start();
  await until(async () => (await readBot(store, owner.id, id))?.webhookError, { withinMs });
  assert.equal(await statusOf(id), "pending");
  answer = () => ok;
  await store.query("update bot set next_attempt_ms = 0 where id = $1", [id]);
  await until(async () => (await statusOf(id)) === "set", { withinMs });
  await repair.close();
  assert.equal((await readBot(store, owner.id, id))?.webhookError, null);
});

test("what Telegram refuses is failed, told without the token, and tried again later", async () => {
  answer = () => ({ status: 401, body: { ok: false, error_code: 401, description: "Unauthorized" } });
  const id = await insertTestBot("refused_bot");
  const repair = start();
  await until(async () => (await statusOf(id)) === "failed", { withinMs });
  await repair.close();
  const bot = await readBot(store, owner.id, id);
  assert.equal(bot?.webhookError, "setWebhook: 401 Unauthorized");
  const { rows } = await store.query<{ later: boolean }>(
    "select next_attempt_ms > $2 as later from bot where id = $1",
    [id, Date.now() - 1_000],
  );
  assert.equal(rows[0]?.later, true);
});

test("a flood is waited out for as long as Telegram asks", async () => {
  const parameters = { retry_after: 3_000 };
  answer = () => ({ status: 429, body: { ok: false, error_code: 429, description: "Flood", parameters } });
  const id = await insertTestBot("flooding_bot");
  const startMs = Date.now();
  const repair = start();
  await until(async () => (await readBot(store, owner.id, id))?.webhookError, { withinMs });
  await repair.close();
  const { rows } = await store.query<{ next: number }>(
    "select next_attempt_ms as next from bot where id = $1",
    [id],
  );
  assert.ok((rows[0]?.next ?? 0) >= startMs + 3_000_000);
});

test("a change overtakes the attempt that was made before it", async () => {
  const id = await insertTestBot("changing_bot");
  answer = (path) => {
    // Those of other tests may be due again meanwhile.
    if (path === `/bot${id}:token/setWebhook`) {
      void updateBot(store, { id, ownerId: owner.id }, { mode: "polling" }, Date.now());
    }
    return ok;
  };
  const repair = start();
  await until(async () => (await statusOf(id)) === "off", { withinMs });
  await repair.close();
  assert.match(calls.at(-1)?.path ?? "", /deleteWebhook$/);
});

test("a deleted bot's webhook is taken away and its token erased, also when Telegram no longer knows it", async () => {
  const id = await insertTestBot("deleted_bot");
  await deleteBot(store, { id, ownerId: owner.id }, Date.now());
  answer = () => ({ status: 401, body: { ok: false, error_code: 401, description: "Unauthorized" } });
  const repair = start();
  const row = async () => {
    const { rows } = await store.query<{ status: string; bytes: number }>(
      "select webhook_status as status, length(token_box) as bytes from bot where id = $1",
      [id],
    );
    return rows[0];
  };
  await until(async () => (await row())?.status === "off", { withinMs });
  await repair.close();
  assert.equal((await row())?.bytes, 0);
});

test("a cluster that has moved tells Telegram its new address", async () => {
  const id = await insertTestBot("moving_bot");
  const first = start({ publicUrl: "https://old.example.org" });
  await until(async () => (await statusOf(id)) === "set", { withinMs });
  await first.close();
  const second = start({ publicUrl: "https://new.example.org" });
  const address = "https://new.example.org/v1/telegram/webhook/moving_bot";
  await until(() => calls.some((call) => call.body["url"] === address), { withinMs });
  await second.close();
});

test("the delay doubles from 1 s to 10 min, less up to a half", () => {
  assert.deepEqual(
    [0, 1, 2, 9, 10, 5_000].map((attempts) => retryDelayMs(attempts, 0)),
    [1_000, 2_000, 4_000, 512_000, 600_000, 600_000],
  );
  assert.equal(retryDelayMs(0, 1), 500);
});
