/** TELEGRAM.md sections 2 and 3 as far as the edge decides them: parameters, texts, and what is written of a webhook. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { callbackLifeMs } from "@rookery/protocol";
import { type BotWaits, type PollAnswer, type Question } from "../../src/bot-api/bot-waits.ts";
import { ask, openStage, type Reply } from "./stage.ts";

const asked: Question[] = [];
const changed: number[] = [];
const told: unknown[] = [];
let answer: PollAnswer | null = null;
let atMs = 1_800_000_000_000;

const waits: BotWaits = {
  ask(question, settle) {
    asked.push(question);
    if (answer !== null) settle(answer);
    return () => {};
  },
  changed: (botId) => void changed.push(botId),
  press: () => false,
  unpress: () => {},
  tell: (edge, reply) => void told.push({ edge, ...reply }),
  waiting: 0,
  close: () => {},
};
const stage = await openStage({ now: () => atMs }, waits);
after(() => stage.close());
const { root, botId } = stage;
const { store } = stage.edge;

beforeEach(() => {
  asked.length = changed.length = told.length = 0;
  answer = { kind: "updates", updates: "[]" };
});

const call = async (method: string, parameters: object = {}): Promise<Reply> =>
  await ask(`${root}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(parameters),
  });
const get = async (method: string, query = ""): Promise<Reply> => await ask(`${root}/${method}?${query}`);
const info = async () => (await call("getWebhookInfo")).body.result as unknown as Record<string, unknown>;

function refused({ status, body }: Reply, code: number, description: string): void {
  assert.deepEqual([status, body.error_code, body.description], [code, code, description]);
}

test("limit is 1 to 100, 100 if nothing else is said; timeout is 0 to 50 s; an offset is what it is", async () => {
  for (const query of ["", "limit=0", "limit=-5", "limit=7", "limit=5000", "limit=x"])
    await get("getUpdates", query);
  assert.deepEqual(
    asked.map(({ limit }) => limit),
    [100, 1, 1, 7, 100, 100],
  );
  asked.length = 0;
  for (const query of ["", "timeout=-1", "timeout=9", "timeout=600"]) await get("getUpdates", query);
  assert.deepEqual(
    asked.map(({ timeoutMs }) => timeoutMs),
    [0, 0, 9_000, 50_000],
  );
  asked.length = 0;
  for (const query of ["", "offset=5", "offset=-3", "offset=99999999999"]) await get("getUpdates", query);
  assert.deepEqual(
    asked.map(({ offset }) => offset),
    [0, 5, -3, 2_147_483_647],
  );
  asked.length = 0;
  await get("getUpdates", "consumer=stats");
  assert.deepEqual([asked[0]?.consumer, asked[0]?.botId], ["stats", botId]);
  refused(await get("getUpdates", "consumer=a%20b"), 400, "Bad Request: invalid consumer specified");
});

test("what the owner of the bot's updates answers is told in Telegram's words", async () => {
  answer = { kind: "updates", updates: '[{"update_id":7}]' };
  assert.equal((await get("getUpdates")).text, '{"ok":true,"result":[{"update_id":7}]}');
  const texts = {
    other:
      "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    webhookSet: "Conflict: terminated by setWebhook request",
    webhook:
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
  } as const;
  for (const conflict of ["other", "webhookSet", "webhook"] as const) {
    answer = { kind: "conflict", conflict };
    refused(await get("getUpdates"), 409, texts[conflict]);
  }
  answer = { kind: "overloaded" };
  const busy = await get("getUpdates");
  refused(busy, 429, "Too Many Requests: retry after 1");
  assert.equal(busy.body.parameters?.retry_after, 1);
  answer = { kind: "outage" };
  assert.equal((await get("getUpdates")).status, 503);
});

test("an edge that stops ends a long poll with nothing", async () => {
  const other = await openStage({}, { ...waits, ask: () => () => {} });
  const reply = ask(`${other.root}/getUpdates?timeout=50`);
  // It is parked by the time another call is answered.
  await ask(`${other.root}/getMe`);
  other.surface.end();
  assert.deepEqual((await reply).body.result, []);
  await other.close();
});

test("allowed_updates: missing keeps the former, [] is the default set, both ways to ask share it", async () => {
  const shown = async () => (await info())["allowed_updates"];
  await call("getUpdates", { allowed_updates: ["chat_member", "message", "no_such_type"] });
  assert.deepEqual(await shown(), ["message", "chat_member"]);
  await call("getUpdates");
  await get("getUpdates", "allowed_updates=message");
  await get("getUpdates", "allowed_updates=[1]");
  assert.deepEqual(await shown(), ["message", "chat_member"]);
  await call("setWebhook", { url: "https://bot.example.com/", allowed_updates: ["POLL"] });
  assert.deepEqual(await shown(), ["poll"]);
  await call("deleteWebhook");
  assert.deepEqual(await shown(), ["poll"]);
  await get("getUpdates", "allowed_updates=[]");
  assert.equal(await shown(), undefined);
});

test("a webhook is set, set already, deleted, deleted already; whoever waits is told", async () => {
  const webhook = { url: "https://bot.example.com/hook", max_connections: 7, secret_token: "a-B_9" };
  const said = async (method: string, parameters: object = {}) =>
    (await call(method, parameters)).body.description;
  assert.equal(await said("setWebhook", webhook), "Webhook was set");
  assert.deepEqual(changed, [botId]);
  assert.equal(await said("setWebhook", webhook), "Webhook is already set");
  assert.deepEqual(changed, [botId]);
  assert.equal(await said("setWebhook", { ...webhook, secret_token: "other" }), "Webhook was set");
  assert.deepEqual(await info(), {
    url: webhook.url,
    has_custom_certificate: false,
    pending_update_count: 0,
    max_connections: 7,
  });
  assert.equal(await said("deleteWebhook"), "Webhook was deleted");
  assert.equal(await said("deleteWebhook"), "Webhook is already deleted");
  assert.equal(await said("setWebhook", { url: "" }), "Webhook is already deleted");
  assert.deepEqual(await info(), { url: "", has_custom_certificate: false, pending_update_count: 0 });
});

test("max_connections is 1 to 100, and 40 if nothing is said", async () => {
  for (const [said, kept] of [
    [undefined, 40],
    [0, 1],
    [100_000, 100],
  ] as const) {
    await call("setWebhook", { url: "https://bot.example.com/", max_connections: said });
    assert.equal((await info())["max_connections"], kept);
  }
  await call("deleteWebhook");
});

test("a webhook that cannot be one is refused with the reason", async () => {
  const url = "https://bot.example.com/";
  const cases: readonly (readonly [object, string])[] = [
    [{ url: "no url" }, "invalid webhook URL specified"],
    [{ url: "ftp://bot.example.com/" }, "invalid webhook URL specified"],
    [{ url: "https://127.0.0.1/" }, "bad webhook: IP address 127.0.0.1 is reserved"],
    [{ url: "https://[::1]/" }, "bad webhook: IP address ::1 is reserved"],
    [{ url: "https://a:b@bot.example.com/" }, "bad webhook: URL must not carry a user or password"],
    [{ url, secret_token: "a b" }, "secret token contains unallowed characters"],
    [{ url, secret_token: "a".repeat(257) }, "secret token is too long"],
    [{ url, ip_address: "nowhere" }, "bad webhook: Invalid IP address specified"],
    [{ url, ip_address: "10.0.0.1" }, "bad webhook: IP address 10.0.0.1 is reserved"],
  ];
  for (const [parameters, words] of cases) {
    refused(await call("setWebhook", parameters), 400, `Bad Request: ${words}`);
  }
  assert.equal((await info())["url"], "");
});

test("the last error is told while there is a webhook", async () => {
  await call("setWebhook", { url: "https://bot.example.com/" });
  await store.query("update native_bot set last_error = 'Wrong response', last_error_ms = 1700000000999");
  const { last_error_date: date, last_error_message: words } = await info();
  assert.deepEqual([date, words], [1_700_000_000, "Wrong response"]);
  await call("deleteWebhook");
  assert.equal((await info())["last_error_date"], undefined);
});

test("pending updates are counted, and dropped when that is asked for", async () => {
  const write = () =>
    store.query(
      `insert into bot_update (bot_id, type, chat_id, place, queue, payload, created_ms, expires_ms)
       values ($1, 'message', 1, 1, 'chat:1', '{}', 1, $2)`,
      [botId, atMs + 60_000],
    );
  const pending = async () => (await info())["pending_update_count"];
  await write();
  assert.equal(await pending(), 1);
  await call("setWebhook", { url: "https://bot.example.com/" });
  assert.equal(await pending(), 1);
  await call("setWebhook", { url: "https://bot.example.com/", drop_pending_updates: true });
  assert.equal(await pending(), 0);
  await write();
  await call("deleteWebhook", { drop_pending_updates: "True" });
  assert.equal(await pending(), 0);
});

test("a press is answered once, in time, by its bot; all else is too late", async () => {
  const tooLate = "Bad Request: query is too old and response timeout expired or query ID is invalid";
  const press = (id: number, ofBot = botId) =>
    store.query(
      "insert into bot_callback (id, bot_id, user_id, edge, created_ms) values ($1, $2, 1, 'e9', $3)",
      [id, ofBot, atMs],
    );
  await press(5);
  assert.equal((await call("answerCallbackQuery", { callback_query_id: "5", text: "hi" })).status, 200);
  assert.deepEqual(told, [{ edge: "e9", queryId: 5, text: "hi" }]);
  await press(6);
  await press(7, botId + 1);
  atMs += callbackLifeMs - 1;
  assert.equal((await call("answerCallbackQuery", { callback_query_id: "6" })).status, 200);
  await press(8);
  atMs += callbackLifeMs;
  for (const id of ["5", "7", "8", "x", "", "99"]) {
    refused(await call("answerCallbackQuery", { callback_query_id: id }), 400, tooLate);
  }
  // What Postgres keeps nowhere is no reason for a 5xx.
  for (const text of ["\0", "\ud800"]) {
    refused(await call("answerCallbackQuery", { callback_query_id: "8", text }), 400, tooLate);
    assert.equal((await call("setMyDescription", { description: text })).status, 200);
    const commands = [{ command: "go", description: `go ${text}` }];
    assert.equal((await call("setMyCommands", { commands })).status, 200);
  }
  refused(
    await call("answerCallbackQuery", { callback_query_id: "8", url: "javascript:0" }),
    400,
    "Bad Request: URL_INVALID",
  );
});
