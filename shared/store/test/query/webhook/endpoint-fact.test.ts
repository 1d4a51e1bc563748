/** Which endpoints take anything, as chats are told: whoever may have what it asks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { insertUser, readEndpointFacts, readFactVersion } from "../../../src/mod.ts";
import { openTestStore } from "../../cluster.ts";

const { store } = await openTestStore();

async function makeUser(username: string): Promise<number> {
  const user = { username, email: null, displayName: username, passwordHash: null, isBot: false };
  return (await insertUser(store, { ...user, role: "member", createdMs: 1 })).id;
}

async function makeEndpoint(ownerId: number, columns: string, values: readonly unknown[]): Promise<number> {
  const places = values.map((_, index) => `, $${index + 2}`).join("");
  const { rows } = await store.query<{ id: number }>(
    `insert into webhook_endpoint (owner_id, url, created_ms, ${columns}) values ($1, 'https://a.example', 1${places}) returning id`,
    [ownerId, ...values],
  );
  return rows[0]?.id ?? 0;
}

const versioned = async () => {
  const version = await readFactVersion(store);
  return { version, endpoints: await readEndpointFacts(store, null) };
};

test("what is made, changed, disabled and deleted is numbered, and read as a whole or by what changed", async () => {
  const owner = await makeUser("ada");
  const one = await makeEndpoint(owner, "scope, chat_id", ["chat", 5]);
  const two = await makeEndpoint(owner, "scope, chat_id, events", ["chat", 6, ["message.created"]]);
  const first = await versioned();
  assert.deepEqual([...first.endpoints.byId.keys()], [one, two]);
  assert.deepEqual(first.endpoints.ofChat.get(6)?.[0]?.types, new Set(["message.created"]));

  await store.query("update webhook_endpoint set failing_since_ms = 7 where id = $1", [one]);
  assert.equal(await readFactVersion(store), first.version, "how it fares is no fact");
  assert.equal(await readEndpointFacts(store, first), first.endpoints);

  await store.query("update webhook_endpoint set status = 'disabled' where id = $1", [one]);
  const three = await makeEndpoint(owner, "scope, chat_id", ["chat", 7]);
  assert.ok((await readFactVersion(store)) >= first.version + 2);
  const second = await readEndpointFacts(store, first);
  assert.deepEqual([...second.byId.keys()], [two, three]);
  assert.deepEqual(second, await readEndpointFacts(store, null));
  assert.equal(first.endpoints.byId.size, 2, "what was read before stays as it was");

  await store.query("update webhook_endpoint set deleted_ms = 9 where id = any($1)", [[two, three]]);
  assert.equal((await readEndpointFacts(store, first)).byId.size, 0);
});

test("who is no admin any more has no endpoint for everything, and who is disabled none at all", async () => {
  const owner = await makeUser("eve");
  const [all, chat] = [
    await makeEndpoint(owner, "scope", ["all"]),
    await makeEndpoint(owner, "scope, chat_id", ["chat", 8]),
  ];
  const known = async () => [...(await readEndpointFacts(store, null)).byId.keys()];
  assert.deepEqual(await known(), [chat]);
  let before = await versioned();
  const changes = [
    ["update users set role = 'admin' where id = $1", [all, chat]],
    ["update users set disabled_ms = 5 where id = $1", []],
    ["update users set disabled_ms = null, role = 'member' where id = $1", [chat]],
  ] as const;
  for (const [sql, expected] of changes) {
    await store.query(sql, [owner]);
    const after = await versioned();
    assert.ok(after.version > before.version, sql);
    assert.deepEqual([...after.endpoints.byId.keys()], expected, sql);
    assert.deepEqual(await readEndpointFacts(store, before), after.endpoints);
    before = after;
  }
});

test("of a bot's endpoints nothing is left when the bot is gone", async () => {
  const owner = await makeUser("ivo");
  const bot = await makeUser("ivobot");
  await store.query(
    `insert into bot (id, owner_id, username, username_key, mode, token_key_id, token_box, secret_key_id, secret_box,
       secret_digest, created_ms) values ($1, $2, 'ivobot', 'ivobot', 'native', 'k', '', 'k', '', '', 1)`,
    [bot, owner],
  );
  const endpoint = await makeEndpoint(owner, "scope, bot_id", ["bot", bot]);
  await makeEndpoint(await makeUser("mallory"), "scope, bot_id", ["reply", bot]);
  const before = await versioned();
  assert.deepEqual(
    before.endpoints.ofBot.get(bot)?.map(({ id }) => id),
    [endpoint],
    "another's bot tells its owner alone",
  );
  await store.query("update bot set deleted_ms = 5 where id = $1", [bot]);
  assert.equal((await readEndpointFacts(store, before)).ofBot.size, 0);
});
