/** What Telegram says of a webhook is in the bot's row, and another webhook than ours is set anew. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { openSecretBox, parseMasterKey } from "@rookery/auth";
import { registerBot } from "@rookery/gateway";
import { openTestDatabase, until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { insertUser, openStore, readBot, sweepTelegramUpdates } from "@rookery/store";
import { startWebhookWatch } from "../../src/telegram/webhook-watch.ts";

const database = await openTestDatabase();
const log = openLog("test", { LOG_LEVEL: "silent" });
const store = openStore({ url: database.url, name: "watch test", connectionsMax: 4, log });
const secrets = openSecretBox(parseMasterKey(Buffer.alloc(32, 3)));
const publicUrl = "https://chat.example.com";
let url = `${publicUrl}/v1/telegram/webhook/watched_bot`;
const telegram = createServer((request, response) => {
  request.resume().on("end", () => {
    const result = { url, pending_update_count: 7, last_error_date: 5, last_error_message: "Wrong response" };
    response.setHeader("content-type", "application/json").end(JSON.stringify({ ok: true, result }));
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

test("Telegram's word of a webhook is kept, and a webhook that is another's is set anew", async () => {
  const owner = await insertUser(store, {
    username: "owner",
    email: null,
    displayName: "Owner",
    passwordHash: null,
    role: "member",
    isBot: false,
    createdMs: 1,
  });
  const { bot } = await registerBot(
    { store, secrets },
    {
      ownerId: owner.id,
      username: "watched_bot",
      displayName: "W",
      mode: "webhook",
      token: "1:a",
      uuid: null,
      nowMs: 1,
    },
  );
  await store.query("update bot set webhook_status = 'set', next_attempt_ms = null");
  const watch = startWebhookWatch({
    store,
    secrets,
    apiRoot,
    publicUrl,
    log,
    ownsBot: () => true,
    everyMs: 20,
  });
  try {
    const read = () => readBot(store, owner.id, bot.id);
    await until(async () => (await read())?.telegramPending === 7, { withinMs: 5_000 });
    const told = await read();
    assert.deepEqual([told?.telegramError, told?.telegramErrorMs], ["Wrong response", 5_000]);
    assert.equal(told?.webhookStatus, "set");
    url = "https://elsewhere.example.com/hook";
    await until(async () => (await read())?.webhookStatus === "pending", { withinMs: 5_000 });
  } finally {
    await watch.close();
  }
});

test("old updates are forgotten, the oldest first, but for those that somebody works on", async () => {
  const insert = (updateId: number, state: string, createdMs: number) =>
    store.query(
      `insert into telegram_update (bot_id, update_id, type, raw, state, created_ms)
       values (1, $1, 'message', '{}', $2, $3)`,
      [updateId, state, createdMs],
    );
  await insert(1, "kept", 10);
  await insert(2, "pending", 20);
  await insert(3, "done", 30);
  await insert(4, "kept", 100);
  const sweep = (limit: number) => sweepTelegramUpdates(store, { beforeMs: 50, limit });
  assert.deepEqual([await sweep(1), await sweep(10), await sweep(10)], [1, 1, 0]);
  const { rows } = await store.query<{ id: number }>(
    "select update_id as id from telegram_update order by 1",
  );
  assert.deepEqual(
    rows.map(({ id }) => id),
    [2, 4],
  );
});
