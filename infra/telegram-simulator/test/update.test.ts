/** How updates reach a bot: by getUpdates, and by its webhook. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@rookery/kit";
import { type BotAnswer, openBotServer, openStage, type Posted } from "./stage.ts";

interface Update {
  readonly update_id: number;
  readonly message?: { readonly text?: string };
}

const withinMs = 30_000;

test("[§2] a long poll waits for an update, and returns it until it is confirmed", async (t) => {
  const { bot, ada, call, result } = await openStage(t);
  const poll = result<Update[]>("getUpdates", { timeout: 50 });
  await until(() => call("getMe"), { withinMs });
  ada.says(bot, "one");
  const [one] = await poll;
  assert.equal(one?.message?.text, "one");
  assert.deepEqual(await result("getUpdates"), [one]);
  ada.says(bot, "two");
  const [two, ...more] = await result<Update[]>("getUpdates", { offset: (one?.update_id ?? 0) + 1 });
  assert.deepEqual([two?.message?.text, two?.update_id, more], ["two", (one?.update_id ?? 0) + 1, []]);
});

test("[§2] a poll without updates ends empty after its timeout", async (t) => {
  const { result } = await openStage(t);
  const startMs = performance.now();
  assert.deepEqual(await result("getUpdates", { timeout: 1 }), []);
  assert.ok(performance.now() - startMs >= 990);
});

test("[§2] a second poll ends the first, a webhook ends it too, and then there is no polling", async (t) => {
  const { simulator, call } = await openStage(t);
  const polls = () => simulator.journal.calls.filter(({ method }) => method === "getUpdates").length;
  const first = call("getUpdates", { timeout: 50 });
  await until(() => polls() === 1, { withinMs });
  const second = call("getUpdates", { timeout: 50 });
  const ended = await first;
  assert.deepEqual(
    [ended.status, ended.body.description],
    [
      409,
      "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    ],
  );
  await until(() => polls() === 2, { withinMs });
  await call("setWebhook", { url: "http://127.0.0.1:9/" });
  assert.equal((await second).body.description, "Conflict: terminated by setWebhook request");
  const refused = await call("getUpdates");
  assert.deepEqual(
    [refused.status, refused.body.description],
    [
      409,
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    ],
  );
});

test("[§2] allowed_updates is remembered and shared with setWebhook, and filters what comes later", async (t) => {
  const { bot, ada, call, result } = await openStage(t);
  const message = ada.says(bot, "before");
  await call("getUpdates", { allowed_updates: ["message_reaction"], limit: 1 });
  ada.says(bot, "not wanted");
  ada.reacts(message, bot, "👍");
  const updates = await result<object[]>("getUpdates", { offset: 0 });
  assert.deepEqual(
    updates.map((update) => Object.keys(update)[1]),
    ["message", "message_reaction"],
  );
  const info = await result<{ allowed_updates: string[] }>("getWebhookInfo");
  assert.deepEqual(info.allowed_updates, ["message_reaction"]);
});

test("[§3] setting and deleting a webhook say what was done", async (t) => {
  const { call } = await openStage(t);
  const url = "http://127.0.0.1:9/";
  const said: (string | undefined)[] = [];
  for (const fields of [{ url }, { url }, { url, secret_token: "new" }, { url: "" }, { url: "" }]) {
    said.push((await call("setWebhook", fields)).body.description);
  }
  assert.deepEqual(said, [
    "Webhook was set",
    "Webhook is already set",
    "Webhook was set",
    "Webhook was deleted",
    "Webhook is already deleted",
  ]);
  const wrong = await call("setWebhook", { url, secret_token: "a b" });
  assert.equal(wrong.body.description, "Bad Request: secret token contains unallowed characters");
  assert.equal((await call("setWebhook", { url: "ftp://x" })).status, 400);
});

test("[§3] of one chat only the head is in flight, chats are posted side by side up to max_connections", async (t) => {
  const { simulator, bot, call } = await openStage(t);
  const waiting: (() => void)[] = [];
  const server = await openBotServer(
    t,
    () => new Promise<BotAnswer>((resolve) => waiting.push(() => resolve({ status: 200 }))),
  );
  const people = Array.from({ length: 5 }, (_, index) => simulator.addUser({ firstName: `P${index}` }));
  for (const text of ["1", "2", "3"]) for (const person of people) person.says(bot, text);
  await call("setWebhook", { url: server.url, max_connections: 3, secret_token: "s-e_c" });
  for (let answered = 0; answered < 15; answered++) {
    const release = await until(() => waiting.shift(), { withinMs });
    // What can be in flight is: no two of one chat.
    const open = new Map<number, number>();
    for (const { chatId } of server.posted.slice(answered)) open.set(chatId, (open.get(chatId) ?? 0) + 1);
    assert.ok(
      [...open.values()].every((count) => count === 1),
      "two of one chat in flight",
    );
    release?.();
  }
  await until(() => simulator.deliveries.length === 15, { withinMs });
  assert.equal(server.mostInFlight, 3);
  for (const { id } of people) {
    assert.deepEqual(textsOf(server.posted, id), ["1", "2", "3"]);
  }
  assert.equal(server.posted[0]?.headers["x-telegram-bot-api-secret-token"], "s-e_c");
  assert.equal(bot.updates.list(Date.now()).length, 0);
});

const textsOf = (posted: readonly Posted[], chatId: number) =>
  posted.filter((each) => each.chatId === chatId).map(({ text }) => text);

test("[§3] what is refused comes again, before anything newer of its chat, and holds up no other", async (t) => {
  const { simulator, bot, ada, call, result } = await openStage(t);
  const bob = simulator.addUser({ firstName: "Bob" });
  let failures = 3;
  const server = await openBotServer(t, ({ chatId }) =>
    chatId === ada.id && failures-- > 0 ? { status: 503 } : { status: 200 },
  );
  ada.says(bot, "first");
  ada.says(bot, "second");
  bob.says(bot, "other");
  await call("setWebhook", { url: server.url });
  await until(() => textsOf(server.posted, bob.id).length === 1, { withinMs });
  await until(() => textsOf(server.posted, ada.id).includes("second"), { withinMs });
  assert.deepEqual(textsOf(server.posted, ada.id), ["first", "first", "first", "first", "second"]);
  const info = await result<{ last_error_message: string; pending_update_count: number }>("getWebhookInfo");
  assert.equal(info.last_error_message, "Wrong response from the webhook: 503 Service Unavailable");
  // At once, then after 2 s and 4 s, a hundredth of it here.
  const times = simulator.deliveries.filter(({ line }) => line === `chat ${ada.id}`).map(({ atMs }) => atMs);
  assert.ok(
    (times[2] ?? 0) - (times[1] ?? 0) >= 19 && (times[3] ?? 0) - (times[2] ?? 0) >= 39,
    String(times),
  );
});

test("[§3] updates that waited without a webhook are posted when one is set, and drop_pending_updates drops them", async (t) => {
  const { simulator, bot, ada, call } = await openStage(t);
  const server = await openBotServer(t, () => ({ status: 200 }));
  ada.says(bot, "dropped");
  await call("setWebhook", { url: "http://127.0.0.1:9/", drop_pending_updates: true });
  await call("deleteWebhook");
  ada.says(bot, "kept");
  await call("setWebhook", { url: server.url });
  await until(() => simulator.deliveries.some(({ status }) => status === 200), { withinMs });
  assert.deepEqual(
    server.posted.map(({ text }) => text),
    ["kept"],
  );
});

test("[§3] a method in the answer is executed, but none that begins with get or sets the webhook", async (t) => {
  const { simulator, bot, ada, call } = await openStage(t);
  const methods = ["sendMessage", "deleteWebhook", "getMe", "sendMessage"];
  const server = await openBotServer(t, ({ chatId }) => {
    const form = new URLSearchParams({
      method: methods.shift() ?? "",
      chat_id: String(chatId),
      text: "answered",
    });
    return {
      status: 200,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form.toString(),
    };
  });
  await call("setWebhook", { url: server.url });
  for (const text of ["1", "2", "3", "4"]) ada.says(bot, text);
  await until(() => simulator.journal.seenBy(ada.id).length === 2, { withinMs });
  assert.notEqual(bot.webhook, null);
  const answered = simulator.journal.calls.filter(({ isWebhookAnswer }) => isWebhookAnswer);
  assert.deepEqual(
    answered.map(({ method }) => method),
    ["sendMessage", "sendMessage"],
  );
});

test("duplicates and resends out of turn come when asked for", async (t) => {
  const { simulator, bot, ada, call } = await openStage(t);
  const server = await openBotServer(t, () => ({ status: 200 }));
  await call("setWebhook", { url: server.url });
  simulator.faults.add({ kind: "duplicate" });
  simulator.faults.add({ kind: "resend", delayMs: 30, skip: 1 });
  for (const text of ["1", "2", "3"]) ada.says(bot, text);
  await until(() => simulator.deliveries.length === 5, { withinMs });
  const reasons = simulator.deliveries.map(({ reason }) => reason);
  assert.deepEqual(reasons.toSorted(), ["duplicate", "resend", "turn", "turn", "turn"]);
  assert.equal(server.posted.filter(({ text }) => text === "1").length, 2);
  assert.deepEqual(server.posted.at(-1)?.text, "2");
  assert.equal(simulator.resend(bot, 2), 2);
  await until(() => simulator.deliveries.length === 7, { withinMs });
});
