import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import {
  dueWebhookWork,
  ensureTelegramUser,
  finishWebhookWork,
  inTransaction,
  insertBot,
  insertUser,
  migrateDown,
  migrateUp,
  openStore,
  readUser,
  readWebhookDoor,
  type TelegramProfile,
} from "../../../src/mod.ts";

const database = await openTestDatabase();
const log = openLog("test", { LOG_LEVEL: "silent" });
const store = openStore({ url: database.url, name: "bot test", connectionsMax: 8, log });
after(async () => {
  await store.end();
  await database.close();
});

const profile: TelegramProfile = {
  telegramId: 77,
  isBot: false,
  firstName: "Ivo",
  lastName: null,
  username: "ivo",
  language: "de",
};

async function insertTestBot(username: string, createdMs: number): Promise<number> {
  const names = { username, email: null, displayName: username };
  const made = { ...names, passwordHash: null, role: "member", createdMs } as const;
  const owner = await insertUser(store, { ...made, username: `${username}_owner`, isBot: false });
  const bot = await insertUser(store, { ...made, isBot: true });
  const sealed = { keyId: "k", box: Buffer.from("box") };
  await inTransaction(store, (db) =>
    insertBot(db, {
      id: bot.id,
      ownerId: owner.id,
      username,
      mode: "webhook",
      token: sealed,
      secret: sealed,
      secretDigest: Buffer.alloc(32),
      requestUuid: null,
      createdMs,
    }),
  );
  return bot.id;
}

test("an account of Telegram is one user, however many edges see it first at once", async () => {
  const ids = await Promise.all(
    Array.from({ length: 8 }, () => ensureTelegramUser(store, profile, { ownerId: 1, nowMs: 1 })),
  );
  assert.equal(new Set(ids).size, 1);
  const { rows } = await store.query<{ users: number }>(
    "select count(*) as users from users where id = any($1)",
    [ids],
  );
  assert.equal(rows[0]?.users, 1);
  const orphans = await store.query(
    "select id from users u where display_name = 'Ivo' and not exists (select from telegram_user t where t.user_id = u.id)",
  );
  assert.equal(orphans.rowCount, 0);
});

test("a changed profile is written, also to the display name; one without a name still has one", async () => {
  const id = await ensureTelegramUser(store, { ...profile, telegramId: 78 }, { ownerId: 1, nowMs: 1 });
  assert.equal(
    await ensureTelegramUser(
      store,
      { ...profile, telegramId: 78, lastName: "Rook" },
      { ownerId: 1, nowMs: 2 },
    ),
    id,
  );
  assert.equal((await readUser(store, id))?.displayName, "Ivo Rook");
  const nameless = { ...profile, telegramId: -100_5, firstName: "", username: null };
  const channel = await ensureTelegramUser(store, nameless, { ownerId: 1, nowMs: 1 });
  assert.equal((await readUser(store, channel))?.displayName, "Telegram user");
});

test("a door is found by username without regard to case", async () => {
  const botId = await insertTestBot("Door_bot", 1);
  assert.equal((await readWebhookDoor(store, "DOOR_BOT"))?.botId, botId);
  assert.equal(await readWebhookDoor(store, "no_bot"), null);
});

test("work is due from its time on, longest due first, until it is finished for its version", async () => {
  const [later, sooner] = [await insertTestBot("later_bot", 2_000), await insertTestBot("sooner_bot", 1_000)];
  const due = async (nowMs: number) =>
    (await dueWebhookWork(store, { nowMs, limit: 10 })).filter((work) =>
      [later, sooner].includes(work.botId),
    );
  assert.deepEqual(
    (await due(2_000)).map((work) => work.botId),
    [sooner, later],
  );
  assert.deepEqual(
    (await due(1_999)).map((work) => work.botId),
    [sooner],
  );
  const result = { botId: sooner, status: "set", url: "u", error: null, nextAttemptMs: null } as const;
  await finishWebhookWork(store, { ...result, version: 7 });
  assert.equal((await due(1_999)).length, 1);
  await finishWebhookWork(store, { ...result, version: 0 });
  assert.equal((await due(1_999)).length, 0);
});

test("the migration goes down and up again", async () => {
  const empty = await openTestDatabase();
  await migrateDown(empty.url, 2);
  await migrateUp(empty.url);
  await empty.close();
});
