/** Updates on real rows, answered by services over HTTP. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "@rookery/kit";
import { openRouterStage, withinMs } from "./router-stage.ts";

const stage = await openRouterStage("router");
after(() => stage.close());
const { store, base, served, asked, makeBot, says, presses, start, stateOf } = stage;
const courier = await start();

test("a command goes to its service, with its headers and a name, and its messages are said as the bot's, once", async () => {
  served.set("/one", ({ body }) => ({
    body: {
      messages: [
        { text: `hello ${String(body.payload["argument"])}` },
        { text: "more", keyboard: { rows: [{ buttons: [{ text: "Yes", data: "y" }] }] } },
      ],
    },
  }));
  const botId = await makeBot(
    { commands: [{ command: "start", to: { service: "one" } }] },
    { one: { url: `${base}/one` } },
  );
  const id = await says(botId, 11, `/start@bot${stage.botCount} deep-link`);
  courier.wake(botId);
  await until(async () => (await stateOf(botId)).join() === "done", { withinMs });
  const [call] = asked.get("/one") ?? [];
  assert.equal(call?.headers["authorization"], "Bearer s3cret");
  assert.equal(call?.headers["x-request-id"], `bot-${botId}-${id}-0`);
  await until(() => courier.bodies(11).length === 2, { withinMs });
  assert.deepEqual(courier.bodies(11), ["hello deep-link", "more"]);
  const told = courier.said.filter(({ targetId }) => targetId === 11);
  const rows = told.map(({ id: name, targetId, command }) => ({ id: name, target_id: targetId, command }));
  assert.deepEqual(rows, [
    {
      id: `bot-${botId}-${id}-0`,
      target_id: 11,
      command: { kind: "send", botId, messageKind: "text", body: "hello deep-link" },
    },
    {
      id: `bot-${botId}-${id}-1`,
      target_id: 11,
      command: {
        kind: "send",
        botId,
        messageKind: "text",
        body: "more",
        keyboard: { rows: [{ buttons: [{ text: "Yes", data: "y" }] }] },
      },
    },
  ]);
});

test("a press is answered beside its button, and may change the message it was on", async () => {
  served.set("/press", ({ body }) => ({
    body: { edit: { text: `took ${JSON.stringify(body.payload["match"])}` }, answer: { text: "done" } },
  }));
  const botId = await makeBot(
    { callbacks: [{ match: "pattern", value: "request:{id}:take", to: { service: "press" } }] },
    { press: { url: `${base}/press` } },
  );
  const id = await presses(botId, 12, "request:42:take");
  courier.wake(botId);
  await until(() => courier.said.some(({ targetId }) => targetId === 12), { withinMs });
  const row = courier.said.find(({ targetId }) => targetId === 12);
  assert.equal(row?.id, `bot-${botId}-${id}-0`);
  assert.deepEqual(row.command, { kind: "amend", botId, messageId: 7, body: 'took {"id":"42"}' });
  await until(() => courier.told.length > 0, { withinMs });
  assert.deepEqual(
    courier.told.map(({ method, params }) => [method, params["text"]]),
    [["answerCallbackQuery", "done"]],
  );
});

test("a service that fails is asked again under the same name, and then people hear an apology in their language", async () => {
  served.set("/down", () => ({ status: 503 }));
  const botId = await makeBot(
    { text: { service: "down" }, apology: { en: "sorry", ru: "простите" } },
    { down: { url: `${base}/down`, retries: 1 } },
  );
  await says(botId, 14, "hi");
  courier.wake(botId);
  await until(() => courier.bodies(14).length === 1, { withinMs });
  assert.deepEqual(courier.bodies(14), ["простите"]);
  const calls = asked.get("/down") ?? [];
  assert.deepEqual(
    calls.map(({ headers }) => headers["x-attempt"]),
    ["1", "2"],
  );
  assert.equal(new Set(calls.map(({ headers }) => headers["x-request-id"])).size, 1);
  const { rows } = await store.query("select error from telegram_update where bot_id = $1", [botId]);
  assert.deepEqual(rows, [{ error: "down: HTTP 503" }]);
});

test("a chat's updates are answered one at a time in their order; another chat does not wait", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  served.set("/slow", async ({ body }) => {
    if (body.input["text"] === "first") await held;
    return { body: { messages: [{ text: `re ${String(body.input["text"])}` }] } };
  });
  const botId = await makeBot(
    { text: { service: "slow" } },
    { slow: { url: `${base}/slow`, timeoutMs: 10_000 } },
  );
  await says(botId, 15, "first");
  await says(botId, 15, "second");
  await says(botId, 16, "other");
  courier.wake(botId);
  await until(() => courier.bodies(16).length === 1, { withinMs });
  await until(() => courier.told.some(({ method }) => method === "sendChatAction"), { withinMs });
  assert.deepEqual(courier.bodies(15), []);
  release();
  await until(() => courier.bodies(15).length === 2, { withinMs });
  assert.deepEqual(courier.bodies(15), ["re first", "re second"]);
});

test("what a lost wake would have told is found", async () => {
  const botId = await makeBot({ text: { reply: { en: "here" } } });
  await says(botId, 17, "anybody?");
  await until(() => courier.bodies(17).length === 1, { withinMs });
});

test("[T11] who is too fast is told once, and what they say is kept", async () => {
  const botId = await makeBot({ text: { reply: { en: "yes" } }, flood: {}, rateLimit: { en: "slow down" } });
  const nowMs = Date.now();
  for (let index = 0; index < 5; index += 1) await says(botId, 18, "hi", nowMs + index);
  courier.wake(botId);
  await until(async () => (await stateOf(botId)).every((state) => state === "done"), { withinMs });
  assert.deepEqual(courier.bodies(18), ["yes", "slow down"]);
});

test("[T12] what was done is counted by the hour, with the time it took and what failed", async () => {
  served.set("/count", ({ body }) => ({ status: body.input["kind"] === "text" ? 400 : 200 }));
  const botId = await makeBot(
    { commands: [{ command: "go", to: { service: "count" } }], text: { service: "count" } },
    { count: { url: `${base}/count` } },
  );
  for (const text of ["/go", "/go", "hm", "/made_up"]) await says(botId, 19, text);
  courier.wake(botId);
  await until(async () => (await stateOf(botId)).every((state) => state === "done"), { withinMs });
  const { rows } = await store.query(
    `select kind, name, count, errors, max_ms <= total_ms as timed from bot_usage where bot_id = $1 order by 1, 2`,
    [botId],
  );
  assert.deepEqual(rows, [
    { kind: "command", name: "", count: 1, errors: 0, timed: true },
    { kind: "command", name: "go", count: 2, errors: 0, timed: true },
    { kind: "service", name: "count", count: 3, errors: 1, timed: true },
    { kind: "text", name: "", count: 1, errors: 1, timed: true },
  ]);
});
