import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { botSecretOwner, readWebhookDoor } from "@rookery/store";
import { openEdgeFixture } from "../edge-fixture.ts";

const edge = await openEdgeFixture(() => ({ submit: () => Promise.reject(new Error("no commands here")) }));
after(() => edge.close());

const token = "123456:AAAA-bbbb_cccc";
interface Bot {
  readonly id: number;
  readonly username: string;
  readonly displayName: string;
  readonly mode: string;
  readonly webhookStatus: string;
  readonly webhookSecret?: string;
  readonly code?: string;
}

type Person = Awaited<ReturnType<typeof edge.person>>;

async function ask(person: Person, method: string, path: string, body?: object, key?: string) {
  const response = await edge.app.request(path, {
    method,
    headers: {
      authorization: `Bearer ${person.token}`,
      "content-type": "application/json",
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const bot: Bot = JSON.parse(text === "" ? "{}" : text);
  return { status: response.status, text, body: bot };
}

function draft(username: string) {
  return { username, displayName: "A bot", mode: "webhook", token };
}

test("a bot is registered while Telegram is away; its secret is told once, its token never", async () => {
  const ann = await edge.person();
  const made = await ask(ann, "POST", "/v1/bots", draft("first_bot"));
  assert.equal(made.status, 201);
  assert.equal(made.body.webhookStatus, "pending");
  assert.match(made.body.webhookSecret ?? "", /^[\w-]{43}$/);
  const read = await ask(ann, "GET", `/v1/bots/${made.body.id}`);
  const list = await ask(ann, "GET", "/v1/bots");
  assert.equal(read.body.webhookSecret, undefined);
  for (const answer of [made, read, list]) assert.ok(!answer.text.includes(token));
});

test("the token lies sealed in its row, and opens for its own bot only", async () => {
  const ann = await edge.person();
  const { body } = await ask(ann, "POST", "/v1/bots", draft("sealed_bot"));
  const { rows } = await edge.store.query<{ token_key_id: string; token_box: Buffer; row: string }>(
    "select token_key_id, token_box, b::text as row from bot b where id = $1",
    [body.id],
  );
  const [row] = rows;
  assert.ok(row !== undefined && !row.row.includes(token) && !row.row.includes(body.webhookSecret ?? "?"));
  assert.ok(!row.token_box.includes(token));
  const sealed = { keyId: row.token_key_id, box: row.token_box };
  assert.equal(edge.context.secrets.openSecret(sealed, botSecretOwner.token(body.id)), token);
  assert.throws(() => edge.context.secrets.openSecret(sealed, botSecretOwner.token(body.id + 1)));
  const door = await readWebhookDoor(edge.store, "Sealed_BOT");
  assert.deepEqual(
    door?.secretDigest,
    createHash("sha256")
      .update(body.webhookSecret ?? "")
      .digest(),
  );
});

test("usernames are unique without regard to case, and free again when the bot is gone", async () => {
  const [ann, bob] = [await edge.person(), await edge.person()];
  const made = await ask(ann, "POST", "/v1/bots", draft("Taken_bot"));
  const second = await ask(bob, "POST", "/v1/bots", draft("taken_BOT"));
  assert.equal(second.status, 409);
  assert.equal(second.body.code, "username_taken");
  assert.equal((await ask(ann, "DELETE", `/v1/bots/${made.body.id}`)).status, 204);
  assert.equal((await ask(ann, "DELETE", `/v1/bots/${made.body.id}`)).status, 404);
  assert.equal((await ask(bob, "POST", "/v1/bots", draft("taken_BOT"))).status, 201);
});

test("[L3] a registration repeated under its Idempotency-Key gives the first bot and its secret", async () => {
  const ann = await edge.person();
  const [one, two] = await Promise.all([
    ask(ann, "POST", "/v1/bots", draft("once_bot"), "bot-1"),
    ask(ann, "POST", "/v1/bots", draft("once_bot"), "bot-1"),
  ]);
  assert.deepEqual(new Set([one.status, two.status]), new Set([200, 201]));
  assert.deepEqual(one.body, two.body);
  assert.equal((await ask(ann, "POST", "/v1/bots", draft("once_bot"))).body.code, "username_taken");
});

test("another's bot is not found, to read, change or delete", async () => {
  const [ann, eve] = [await edge.person(), await edge.person()];
  const { body } = await ask(ann, "POST", "/v1/bots", draft("anns_bot"));
  const path = `/v1/bots/${body.id}`;
  assert.equal((await ask(eve, "GET", path)).status, 404);
  assert.equal((await ask(eve, "PATCH", path, { displayName: "Eve's" })).status, 404);
  assert.equal((await ask(eve, "PATCH", path, { token })).status, 404);
  assert.equal((await ask(eve, "DELETE", path)).status, 404);
  assert.equal((await ask(ann, "GET", path)).body.displayName, "A bot");
});

test("a change of mode or token makes the webhook pending again, a change of name does not", async () => {
  const ann = await edge.person();
  const { body } = await ask(ann, "POST", "/v1/bots", draft("moving_bot"));
  await edge.store.query("update bot set webhook_status = 'set', next_attempt_ms = null where id = $1", [
    body.id,
  ]);
  const named = await ask(ann, "PATCH", `/v1/bots/${body.id}`, { displayName: "New" });
  assert.equal(named.body.displayName, "New");
  assert.equal(named.body.webhookStatus, "set");
  const moved = await ask(ann, "PATCH", `/v1/bots/${body.id}`, { mode: "polling" });
  assert.equal(moved.body.mode, "polling");
  assert.equal(moved.body.webhookStatus, "pending");
});

test("[T1] a token of the same bot takes the old one's place and the menu is told anew; another bot's is refused", async () => {
  const ann = await edge.person();
  const { body } = await ask(ann, "POST", "/v1/bots", draft("renewed_bot"));
  const path = `/v1/bots/${body.id}`;
  const routes = {
    commands: [{ command: "help", to: { reply: { en: "Yes" } }, description: { en: "Help" } }],
  };
  assert.equal((await ask(ann, "PUT", `${path}/routes`, routes)).status, 200);
  await edge.store.query(
    "update bot_program set commands_status = 'set', next_attempt_ms = null where bot_id = $1",
    [body.id],
  );
  const foreign = await ask(ann, "PATCH", path, { token: "123457:AAAA-bbbb_cccc" });
  assert.deepEqual([foreign.status, foreign.body.code], [400, "invalid"]);
  const due = async () =>
    (
      await edge.store.query("select commands_status, next_attempt_ms from bot_program where bot_id = $1", [
        body.id,
      ])
    ).rows[0];
  assert.deepEqual(await due(), { commands_status: "set", next_attempt_ms: null });
  const renewed = await ask(ann, "PATCH", path, { token: "123456:DDDD-eeee_ffff" });
  assert.deepEqual([renewed.status, renewed.body.webhookStatus], [200, "pending"]);
  assert.deepEqual(await due(), { commands_status: "pending", next_attempt_ms: edge.context.now() });
});

test("what cannot be a bot of Telegram is invalid", async () => {
  const ann = await edge.person();
  for (const change of [
    { token: "no colon" },
    { token: "0123:abc" },
    { token: `1:${"a".repeat(80)}` },
    { token: undefined },
    { username: "1bot" },
    { username: "b t" },
    { mode: "native" },
    { mode: "carrier" },
    { displayName: "" },
  ]) {
    const answer = await ask(ann, "POST", "/v1/bots", { ...draft("fine_bot"), ...change });
    assert.equal(answer.body.code, "invalid", JSON.stringify(change));
  }
});
