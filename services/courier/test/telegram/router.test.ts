/** Updates on real rows, answered by services over HTTP; what is committed and what Telegram is told is what counts. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { until } from "@rookery/kit";
import { type RouteTable, type ServiceTable, shardOf, type TelegramUpdateJob } from "@rookery/protocol";
import { claimShards, headersOwner, type RelayRow, writeRoutes, writeServices } from "@rookery/store";
import type { TelegramCall } from "@rookery/telegram";
import { openHttpPost } from "../../src/outbound/http-post.ts";
import { startUpdateRouter, type UpdateRouter } from "../../src/telegram/router.ts";
import { openServiceCaller } from "../../src/telegram/service-caller.ts";
import { openCourierFixture } from "../courier-fixture.ts";

const withinMs = 20_000;
const fixture = await openCourierFixture("router test");
const { store, secrets, shards, log } = fixture;
const http = openHttpPost({ allows: () => true });
const running = new Set<UpdateRouter>();

interface Asked {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: {
    readonly updateId: number;
    readonly input: Readonly<Record<string, unknown>>;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly chat: { readonly id: number };
  };
}
/** Path → answer; a promise may hang. */
type Serve = (
  asked: Asked,
) => Promise<{ status?: number; body?: unknown }> | { status?: number; body?: unknown };
const served = new Map<string, Serve>();
const asked = new Map<string, Asked[]>();
const server = createServer((request, response) => {
  let text = "";
  request.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  request.on("end", () => {
    const path = request.url ?? "";
    const one: Asked = { headers: request.headers, body: JSON.parse(text) as Asked["body"] };
    asked.set(path, [...(asked.get(path) ?? []), one]);
    Promise.resolve(served.get(path)?.(one) ?? { status: 404 })
      .then(({ status = 200, body = {} }) => response.writeHead(status).end(JSON.stringify(body)))
      .catch(() => response.destroy());
  });
});
await new Promise<void>((resolve) => {
  server.listen(0, "127.0.0.1", resolve);
});
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
after(async () => {
  for (const router of running) await router.close();
  await http.close();
  server.closeAllConnections();
  server.close();
  await fixture.close();
});

let bots = 0;
async function makeBot(routes: RouteTable, services: ServiceTable = {}): Promise<number> {
  const { id, count } = await fixture.makeBot();
  bots = count;
  await writeRoutes(store, id, { flood: { off: true }, ...routes }, { isRouted: true, nowMs: 1 });
  const headers = { one: { authorization: "Bearer s3cret" } };
  await writeServices(store, id, services, secrets.sealSecret(JSON.stringify(headers), headersOwner(id)));
  return id;
}

let updates = 0;
/** An update as its chat's commit leaves it. */
async function update(
  botId: number,
  chatId: number,
  type: string,
  content: object,
  createdMs = Date.now(),
): Promise<number> {
  updates += 1;
  await store.query(
    `insert into telegram_update (bot_id, update_id, type, chat_id, raw, state, created_ms)
     values ($1, $2, $3, $4, $5, 'pending', $6)`,
    [botId, updates, type, chatId, { update_id: updates, [type]: content }, createdMs],
  );
  return updates;
}

const person = (chatId: number) => ({
  id: 1_000 + chatId,
  is_bot: false,
  first_name: "Ada",
  language_code: "ru",
});
const place = (chatId: number) => ({ id: 1_000 + chatId, type: "private" });
const says = (botId: number, chatId: number, text: string, createdMs?: number) => {
  const message = { message_id: 1, from: person(chatId), chat: place(chatId), text };
  return update(botId, chatId, "message", message, createdMs);
};
const presses = (botId: number, chatId: number, data: string) =>
  update(botId, chatId, "callback_query", {
    id: `q${updates}`,
    from: person(chatId),
    data,
    message: { message_id: 7, chat: place(chatId) },
  });

interface Courier {
  readonly said: RelayRow[];
  readonly told: TelegramCall[];
  wake(botId: number): void;
  /** What was said in a chat, in order. */
  bodies(chatId: number): string[];
}

async function start(isApplied = true): Promise<Courier> {
  const { jobShards, wake } = await fixture.own();
  const said: RelayRow[] = [];
  const told: TelegramCall[] = [];
  const router = startUpdateRouter({
    jobShards,
    store,
    secrets,
    shards,
    log,
    // The chats' part: what they are told, they apply.
    relay: {
      send: (rows) => {
        said.push(...rows);
        if (isApplied) void store.query("delete from relay where id = any($1)", [rows.map(({ id }) => id)]);
      },
    },
    client: {
      ask: async (_token, call) => void told.push(call),
    },
    services: openServiceCaller({ http, now: Date.now }),
  });
  running.add(router);
  return {
    said,
    told,
    wake(botId) {
      const job = { botId } as TelegramUpdateJob;
      wake({ kind: "telegramUpdate", owner: { kind: "bot", id: botId }, job });
    },
    bodies: (chatId) =>
      said.flatMap(({ targetId, command }) =>
        targetId === chatId ? [(command as { body: string }).body] : [],
      ),
  };
}

const stateOf = async (botId: number): Promise<string[]> => {
  const { rows } = await store.query<{ state: string }>(
    "select state from telegram_update where bot_id = $1 order by update_id",
    [botId],
  );
  return rows.map(({ state }) => state);
};

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
  const id = await says(botId, 11, `/start@bot${bots} deep-link`);
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

test("[L2] whoever was deposed while a service was asked says nothing, and the new owner says it once", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  served.set("/move", async () => {
    if ((asked.get("/move")?.length ?? 0) === 1) await held;
    return { body: { messages: [{ text: "once" }] } };
  });
  const botId = await makeBot(
    { text: { service: "move" } },
    { move: { url: `${base}/move`, timeoutMs: 10_000 } },
  );
  await says(botId, 20, "hi");
  await says(botId, 20, "hi again");
  courier.wake(botId);
  await until(() => asked.get("/move")?.length === 1, { withinMs });
  const { rows: shardRows } = await store.query<{ id: number; epoch: number }>(
    "select id, epoch from shard where kind = 'job'",
  );
  await claimShards(store, "job", shardRows, "somebody else");
  release();
  // It goes on to the second: with the first it has done what it could.
  await until(() => asked.get("/move")?.length === 2, { withinMs });
  assert.deepEqual([(await stateOf(botId))[0], courier.bodies(20)], ["pending", []]);
  const next = await start();
  next.wake(botId);
  await until(() => next.bodies(20).length === 2, { withinMs });
  assert.deepEqual([...courier.bodies(20), ...next.bodies(20)], ["once", "once"]);
});

test("[T11] whoever answers a bot next counts on: the 21st of a minute is refused, and that is said once", async () => {
  const botId = await makeBot({ text: { reply: { en: "yes" } }, flood: {}, rateLimit: { en: "slow down" } });
  const startMs = Date.now() - 50_000;
  let said = 0;
  const sayMore = async (owner: Courier, count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1, said += 1) {
      await says(botId, 22, "hi", startMs + said * 1_100);
    }
    owner.wake(botId);
    await until(async () => (await stateOf(botId)).every((state) => state === "done"), { withinMs });
  };
  const first = await start();
  await sayMore(first, 20);
  assert.deepEqual(first.bodies(22), Array(20).fill("yes"));
  const second = await start();
  await sayMore(second, 1);
  assert.deepEqual(second.bodies(22), ["slow down"]);
  const third = await start();
  await sayMore(third, 3);
  assert.deepEqual(third.bodies(22), []);
  said += 60;
  const fourth = await start();
  await sayMore(fourth, 1);
  assert.deepEqual(fourth.bodies(22), ["yes"]);
});

test("what a former courier had committed and not said is said first, and the next answer waits until the chat has it", async () => {
  const botId = await makeBot({ text: { reply: { en: "next" } } });
  const former = `bot-${botId}-1-0`;
  await store.query(
    `insert into relay (id, source_shard, target_kind, target_id, command, created_ms)
     values ($1, $2, 'chat', 21, $3, $4)`,
    [former, shardOf("chat", 21, shards), { kind: "send", body: "former" }, Date.now()],
  );
  // Those of before are deposed, and would still play their chats' part.
  for (const router of running) await router.close();
  running.clear();
  const deaf = await start(false);
  await says(botId, 21, "hi");
  deaf.wake(botId);
  // Said again, for the chat does not take it.
  await until(() => deaf.bodies(21).length >= 2, { withinMs });
  assert.deepEqual([...new Set(deaf.bodies(21))], ["former"]);
  assert.deepEqual(await stateOf(botId), ["pending"]);
  await store.query("delete from relay where id = $1", [former]);
  await until(() => deaf.bodies(21).includes("next"), { withinMs });
});
