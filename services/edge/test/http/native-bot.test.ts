import assert from "node:assert/strict";
import { after, test } from "node:test";
import { botTokenDigest } from "@rookery/gateway";
import { readNativeBotsByToken, writeBotCommands } from "@rookery/store";
import { openEdgeFixture } from "../edge-fixture.ts";

const edge = await openEdgeFixture(() => ({ submit: () => Promise.reject(new Error("no commands here")) }));
after(() => edge.close());

interface Answer {
  readonly id: number;
  readonly userId: number;
  readonly isBot?: boolean;
  readonly token?: string;
  readonly mode?: string;
  readonly privacyMode?: boolean;
  readonly webhookStatus?: string;
  readonly code?: string;
  readonly commands?: readonly object[];
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
  const answer: Answer = JSON.parse(text === "" ? "{}" : text);
  return { status: response.status, text, body: answer };
}

const draft = (username: string) => ({ username, displayName: "Ours", mode: "native" });
const botOf = async (token: string | undefined) => {
  const digest = botTokenDigest(token ?? "");
  return (await readNativeBotsByToken(edge.store, [digest])).get(digest.toString("hex"))?.id;
};

test("a native bot is a user, with a token that is told once and found by its digest", async () => {
  const ann = await edge.person();
  const made = await ask(ann, "POST", "/v1/bots", draft("our_first_bot"));
  assert.equal(made.status, 201, made.text);
  const { id, token = "", mode, privacyMode, webhookStatus } = made.body;
  assert.match(token, new RegExp(`^${id}:[A-Za-z0-9_-]{35}$`));
  assert.deepEqual(
    { mode, privacyMode, webhookStatus },
    { mode: "native", privacyMode: true, webhookStatus: "off" },
  );
  assert.equal(await botOf(token), id);
  assert.equal(await botOf(`${token}x`), undefined);
  const read = await ask(ann, "GET", `/v1/bots/${id}`);
  assert.ok(!read.text.includes(token));
  const user = await ask(ann, "GET", `/v1/users/${id}`);
  assert.equal(user.body.isBot, true);
  const found = await ask(ann, "GET", "/v1/users?query=our_first_bot");
  assert.ok(found.text.includes(`"id":${id}`), found.text);
  const { rows } = await edge.store.query<{ row: string }>(
    "select b::text || n::text as row from bot b join native_bot n on n.bot_id = b.id where id = $1",
    [id],
  );
  assert.ok(rows[0] !== undefined && !rows[0].row.includes(token));
});

test("[L3] the repeat of a request gives the same bot and the same token", async () => {
  const ann = await edge.person();
  const made = await ask(ann, "POST", "/v1/bots", draft("repeated_bot"), "once");
  const again = await ask(ann, "POST", "/v1/bots", draft("repeated_bot"), "once");
  assert.deepEqual([made.status, again.status], [201, 200]);
  assert.deepEqual(again.body, made.body);
});

test("a changed token is nobody's at once; a deleted bot has none", async () => {
  const [ann, bob] = [await edge.person(), await edge.person()];
  const { body } = await ask(ann, "POST", "/v1/bots", draft("changed_bot"));
  assert.equal((await ask(bob, "POST", `/v1/bots/${body.id}/token`)).status, 404);
  assert.equal(await botOf(body.token), body.id);
  const changed = await ask(ann, "POST", `/v1/bots/${body.id}/token`);
  assert.equal(changed.status, 200);
  assert.equal(await botOf(body.token), undefined);
  assert.equal(await botOf(changed.body.token), body.id);
  assert.equal((await ask(ann, "DELETE", `/v1/bots/${body.id}`)).status, 204);
  assert.equal(await botOf(changed.body.token), undefined);
  const { rows } = await edge.store.query<{ left: number; due: number | null }>(
    "select length(token_box) as left, next_attempt_ms as due from bot where id = $1",
    [body.id],
  );
  assert.deepEqual(rows, [{ left: 0, due: null }], "nobody has to tell Telegram");
});

test("privacy is a native bot's; bots of Telegram's and ours do not become each other", async () => {
  const ann = await edge.person();
  const { body: ours } = await ask(ann, "POST", "/v1/bots", draft("private_bot"));
  const { body: theirs } = await ask(ann, "POST", "/v1/bots", {
    ...draft("their_bot"),
    mode: "polling",
    token: "123:AAAA",
  });
  const patched = await ask(ann, "PATCH", `/v1/bots/${ours.id}`, { privacyMode: false, displayName: "Open" });
  assert.equal(patched.body.privacyMode, false);
  assert.equal(theirs.privacyMode, undefined);
  for (const [id, change] of [
    [ours.id, { mode: "webhook" }],
    [ours.id, { token: "123:AAAA" }],
    [theirs.id, { mode: "native" }],
    [theirs.id, { privacyMode: true }],
  ] as const) {
    const refused = await ask(ann, "PATCH", `/v1/bots/${id}`, change);
    assert.deepEqual([refused.status, refused.body.code], [400, "invalid"], JSON.stringify(change));
  }
});

test("the menu is the narrowest there is, in one's language; strangers do not see it", async () => {
  const [ann, bob] = [await edge.person(), await edge.person()];
  const { body } = await ask(ann, "POST", "/v1/bots", draft("menu_bot"));
  const command = (name: string) => [{ command: name, description: `does ${name}` }];
  const write = (scope: string, language: string, name: string) =>
    writeBotCommands(edge.store, { botId: body.id, scope, language }, command(name));
  await write("default", "", "any");
  await write("all_private_chats", "de", "deutsch");
  const menu = async (query: string) =>
    (await ask(ann, "GET", `/v1/bots/${body.id}/commands${query}`)).body.commands;
  assert.deepEqual(await menu(""), command("any"));
  assert.deepEqual(await menu("?language=de"), command("deutsch"));
  assert.deepEqual(await menu("?language=fr"), command("any"));
  await writeBotCommands(edge.store, { botId: body.id, scope: "default", language: "" }, []);
  assert.deepEqual(await menu("?language=fr"), []);
  assert.equal((await ask(bob, "GET", `/v1/bots/${body.id}/commands`)).status, 404);
});
