/** Buttons whose payload is a token, through the router: what is too long, and what ends. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "@rookery/kit";
import type { RelayRow } from "@rookery/store";
import { openRouterStage, withinMs } from "./router-stage.ts";

const stage = await openRouterStage("button-token");
after(() => stage.close());
const { store, base, served, makeBot, says, presses, start, stateOf } = stage;
const courier = await start();

test("[T10] a payload too long for Telegram goes as a token, and comes back whole", async () => {
  const long = `request:${"x".repeat(200)}`;
  served.set("/long", ({ body }) => ({
    body:
      body.input["kind"] === "callback"
        ? { messages: [{ text: String(body.input["data"]) }] }
        : { messages: [{ text: "?", keyboard: { rows: [{ buttons: [{ text: "Go", data: long }] }] } }] },
  }));
  const to = { service: "long" };
  const botId = await makeBot(
    { text: to, callbacks: [{ match: "prefix", value: "request:", to }] },
    { long: { url: `${base}/long` } },
  );
  await says(botId, 13, "hi");
  await until(() => courier.said.some(({ targetId }) => targetId === 13), { withinMs });
  const row = courier.said.find(({ targetId }) => targetId === 13);
  const command = row?.command as { keyboard: { rows: { buttons: { data: string }[] }[] } };
  const data = command.keyboard.rows[0]?.buttons[0]?.data ?? "";
  assert.match(data, /^~.{22}$/);
  await presses(botId, 13, data);
  courier.wake(botId);
  await until(() => courier.bodies(13).length === 2, { withinMs });
  assert.equal(courier.bodies(13)[1], long);
  await store.query("update callback_token set expires_ms = 1 where bot_id = $1", [botId]);
  await presses(botId, 13, data);
  courier.wake(botId);
  await until(() => courier.told.some(({ params }) => /устарела/.test(String(params["text"]))), { withinMs });
});

test("[T10] buttons about an entity end together, by a service's answer; those with a life of their own by themselves", async () => {
  const button = (text: string, bound: object) => ({ text, data: `act:${text}`, ...bound });
  const offer = (entity: string) => ({
    text: `offer ${entity}`,
    keyboard: { rows: [{ buttons: [button("take", { entity }), button("soon", { lifeMs: 1_000 })] }] },
  });
  served.set("/about", ({ body }) => {
    const { kind, text, data } = body.input;
    if (kind === "callback") return { body: { messages: [{ text: `did ${String(data)}` }] } };
    if (text === "end 7") return { body: { invalidate: ["shift:7"], messages: [offer("shift:7")] } };
    return { body: { messages: [offer(String(text))] } };
  });
  const to = { service: "about" };
  const expired = { en: "too late", ru: "поздно" };
  const botId = await makeBot(
    { text: to, callbacks: [{ match: "prefix", value: "act:", to }], expired },
    { about: { url: `${base}/about` } },
  );
  const other = await makeBot({ text: to, expired }, { about: { url: `${base}/about` } });
  const tokensOf = async (chatId: number, body: string): Promise<string[]> => {
    const row = await until(
      () => courier.said.findLast((each) => each.targetId === chatId && bodyOf(each) === body),
      { withinMs },
    );
    const command = row?.command as { keyboard: { rows: { buttons: { data: string }[] }[] } } | undefined;
    return (command?.keyboard.rows ?? []).flatMap(({ buttons }) => buttons.map(({ data }) => data));
  };
  const bodyOf = ({ command }: RelayRow): string => (command as { body: string }).body;
  const say = async (bot: number, chatId: number, text: string, of = text): Promise<string[]> => {
    const before = courier.bodies(chatId).length;
    await says(bot, chatId, text);
    courier.wake(bot);
    await until(() => courier.bodies(chatId).length > before, { withinMs });
    return await tokensOf(chatId, `offer ${of}`);
  };
  const press = async (chatId: number, data: string): Promise<void> => {
    await presses(botId, chatId, data);
    courier.wake(botId);
    await until(async () => (await stateOf(botId)).every((state) => state === "done"), { withinMs });
  };
  const late = () => courier.told.filter(({ params }) => params["text"] === "поздно").length;

  const [first = "", soon = ""] = await say(botId, 31, "shift:7");
  const [second = ""] = await say(botId, 32, "shift:7");
  const [kept = ""] = await say(botId, 31, "shift:8");
  await say(other, 33, "shift:7");
  for (const token of [first, second, kept, soon]) assert.match(token, /^~.{22}$/);
  assert.notEqual(first, second);
  await press(31, first);
  await until(() => courier.bodies(31).at(-1) === "did act:take", { withinMs });
  const count = async () =>
    (await store.query<{ count: number }>("select count(*) from callback_token where bot_id = $1", [botId]))
      .rows[0]?.count;
  assert.equal(await count(), 6);

  const [anew = ""] = await say(botId, 32, "end 7", "shift:7");
  await press(31, first);
  await press(32, second);
  await until(() => late() === 2, { withinMs });
  // Another's entity, another bot's of the same name, and those said with the end itself.
  const done = courier.bodies(31).length;
  await press(31, kept);
  await until(() => courier.bodies(31).length === done + 1, { withinMs });
  const { rows } = await store.query(
    "select 1 from callback_token where bot_id = $1 and entity = 'shift:7'",
    [other],
  );
  assert.equal(rows.length, 1);
  await press(32, anew);
  await until(() => courier.bodies(32).at(-1) === "did act:take", { withinMs });

  await store.query("update callback_token set expires_ms = expires_ms - 1001 where bot_id = $1", [botId]);
  await press(31, soon);
  await until(() => late() === 3, { withinMs });
  await press(31, kept);
  await until(() => courier.bodies(31).length === done + 2, { withinMs });
  assert.equal(late(), 3);
});
