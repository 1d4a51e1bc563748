/** What the methods say, to a client that speaks HTTP and nothing more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { until } from "@rookery/kit";
import { telegramLimits } from "../src/mod.ts";
import { openStage, type Stage } from "./stage.ts";

const withinMs = 30_000;

async function refusal({ call }: Stage, method: string, fields: object): Promise<string> {
  const { status, body } = await call(method, fields);
  assert.equal(body.ok, false);
  assert.equal(body.error_code, status);
  return `${status} ${body.description}`;
}

test("[§1] tokens, methods and paths are judged as Telegram does", async (t) => {
  const { simulator, bot } = await openStage(t);
  const get = async (path: string) => {
    const response = await fetch(`${simulator.url}${path}`);
    const body = (await response.json()) as { ok: boolean; description?: string };
    return `${response.status} ${body.ok ? "ok" : body.description}`;
  };
  assert.equal(await get("/bot123/getMe"), "401 Unauthorized: invalid token specified");
  assert.equal(await get("/bot0:x/getMe"), "401 Unauthorized: invalid token specified");
  assert.equal(await get(`/bot1:${"x".repeat(80)}/getMe`), "401 Unauthorized: invalid token specified");
  assert.equal(await get("/bot123:unknown/getMe"), "401 Unauthorized");
  assert.equal(await get(`/bot${bot.token}/noSuchMethod`), "404 Not Found: method not found");
  assert.equal(await get(`/bot${bot.token}/GETME`), "200 ok");
  assert.equal(await get(`/bot${bot.token}/?method=getMe`), "200 ok");
  assert.equal(await get("/elsewhere"), "404 Not Found");
});

test("[§1] arguments come by query, form, JSON, gzip or multipart; a broken body is none", async (t) => {
  const stage = await openStage(t);
  const { simulator, bot, ada } = stage;
  ada.says(bot, "/start");
  const post = async (
    body: string | Uint8Array<ArrayBuffer> | FormData,
    type: string | undefined,
    extra: Record<string, string> = {},
  ) => {
    const url = `${simulator.url}/bot${bot.token}/sendMessage?chat_id=${ada.id}`;
    const headers = { ...(type === undefined ? {} : { "content-type": type }), ...extra };
    const response = await fetch(url, { method: "POST", body, headers });
    const answer = (await response.json()) as { result?: { text: string }; description?: string };
    return answer.result?.text ?? `${response.status} ${answer.description}`;
  };
  assert.equal(await post("text=by+form", "application/x-www-form-urlencoded"), "by form");
  assert.equal(await post('{"text":"by JSON"}', "application/json; charset=utf-8"), "by JSON");
  const form = new FormData();
  form.set("text", "by multipart");
  assert.equal(await post(form, undefined), "by multipart");
  const packed = gzipSync('{"text":"by gzip"}');
  assert.equal(await post(packed, "application/json", { "content-encoding": "gzip" }), "by gzip");
  assert.match(await post(packed, "application/json", { "content-encoding": "br" }), /^415 /);
  assert.equal(await post("{broken", "application/json"), "400 Bad Request: message text is empty");
});

test("what cannot be sent is refused in Telegram's words, and nobody sees it", async (t) => {
  const stage = await openStage(t);
  const { simulator, bot, ada } = stage;
  const bob = simulator.addUser({ firstName: "Bob" });
  const other = simulator.addBot({ username: "other_bot" });
  ada.says(bot, "/start");
  const send = (fields: object) => refusal(stage, "sendMessage", { chat_id: ada.id, text: "x", ...fields });
  assert.equal(await send({ chat_id: undefined }), "400 Bad Request: chat_id is empty");
  assert.equal(await send({ chat_id: 42 }), "400 Bad Request: chat not found");
  assert.equal(await send({ chat_id: "@nobody" }), "400 Bad Request: chat not found");
  assert.equal(await send({ chat_id: bob.id }), "403 Forbidden: bot can't initiate conversation with a user");
  assert.equal(await send({ chat_id: other.id }), "403 Forbidden: bot can't send messages to bots");
  assert.equal(await send({ text: " \n" }), "400 Bad Request: message text is empty");
  assert.equal(await send({ text: "x".repeat(4_097) }), "400 Bad Request: message is too long");
  assert.equal(
    await send({ reply_parameters: { message_id: 1 } }),
    "400 Bad Request: message to be replied not found",
  );
  assert.equal(
    await send({ text: "1.5", parse_mode: "MarkdownV2" }),
    "400 Bad Request: can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'",
  );
  const photo = (fields: object) => refusal(stage, "sendPhoto", { chat_id: ada.id, ...fields });
  assert.equal(await photo({}), "400 Bad Request: there is no photo in the request");
  assert.equal(await photo({ photo: "gone" }), "400 Bad Request: wrong file identifier/HTTP URL specified");
  assert.equal(
    await photo({ photo: "https://x.uz/a.jpg", caption: "x".repeat(1_025) }),
    "400 Bad Request: message caption is too long",
  );
  const poll = (fields: object) =>
    refusal(stage, "sendPoll", { chat_id: ada.id, question: "?", options: ["a", "b"], ...fields });
  for (const [fields, words] of [
    [{ question: "x".repeat(301) }, "poll question length must not exceed 300"],
    [{ options: ["a", "x".repeat(101)] }, "poll options length must not exceed 100"],
    [{ options: ["a", " "] }, "poll options must be non-empty"],
  ] as const) {
    assert.equal(await poll(fields), `400 Bad Request: ${words}`);
  }
  ada.blocks(bot);
  assert.equal(await send({}), "403 Forbidden: bot was blocked by the user");
  assert.equal(simulator.journal.seenBy(ada.id).length, 0);
  ada.says(bot, "again");
  assert.equal((await stage.call("sendMessage", { chat_id: ada.id, text: "x".repeat(4_096) })).status, 200);
});

test("edits and deletions follow Telegram's rules", async (t) => {
  const stage = await openStage(t);
  const { bot, ada, result, simulator } = stage;
  const own = ada.says(bot, "/start");
  const keyboard = { inline_keyboard: [[{ text: "A", callback_data: "a" }]] };
  const sent = await result<{ message_id: number }>("sendMessage", {
    chat_id: ada.id,
    text: "x",
    reply_markup: keyboard,
  });
  const place = { chat_id: ada.id, message_id: sent.message_id };
  const edit = (fields: object) => refusal(stage, "editMessageText", { ...place, text: "y", ...fields });
  assert.match(
    await edit({ text: "x", reply_markup: keyboard }),
    /^400 Bad Request: message is not modified: specified new/,
  );
  assert.equal(await edit({ message_id: 1 }), "400 Bad Request: message to edit not found");
  assert.equal(await edit({ message_id: own.message_id }), "400 Bad Request: message can't be edited");
  const edited = await result<{ text: string; reply_markup?: object }>("editMessageText", {
    ...place,
    text: "y",
  });
  assert.deepEqual([edited.text, edited.reply_markup], ["y", undefined]);
  assert.throws(
    () =>
      ada.presses(
        simulator.world.openPrivateChat(bot, ada.user).messages.get(sent.message_id) ?? own,
        bot,
        "A",
      ),
    /no button/,
  );
  assert.equal(
    await refusal(stage, "editMessageCaption", { ...place, caption: "z" }),
    "400 Bad Request: there is no caption in the message to edit",
  );
  assert.equal(await result("deleteMessage", place), true);
  assert.equal(await refusal(stage, "deleteMessage", place), "400 Bad Request: message to delete not found");
});

test("a press is answered once, while it lives", async (t) => {
  let nowMs = Date.now();
  const stage = await openStage(t, { now: () => nowMs });
  const { bot, ada, result } = stage;
  ada.says(bot, "/start");
  const reply_markup = { inline_keyboard: [[{ text: "A", callback_data: "a" }]] };
  await result("sendMessage", { chat_id: ada.id, text: "x", reply_markup });
  const message = [...stage.simulator.world.openPrivateChat(bot, ada.user).messages.values()].at(-1);
  assert.ok(message !== undefined);
  const tooOld = "400 Bad Request: query is too old and response timeout expired or query ID is invalid";
  const id = ada.presses(message, bot, "A");
  const long = await refusal(stage, "answerCallbackQuery", { callback_query_id: id, text: "x".repeat(201) });
  assert.equal(long, "400 Bad Request: MESSAGE_TOO_LONG");
  assert.equal(await result("answerCallbackQuery", { callback_query_id: id, text: "ok" }), true);
  assert.equal(await refusal(stage, "answerCallbackQuery", { callback_query_id: id }), tooOld);
  const late = ada.presses(message, bot, "a");
  nowMs += 150_000;
  assert.equal(await refusal(stage, "answerCallbackQuery", { callback_query_id: late }), tooOld);
});

test("[§4] beyond the limits there is 429 with Retry-After, and it is counted", async (t) => {
  let nowMs = Date.now();
  const stage = await openStage(t, { limits: telegramLimits, now: () => nowMs });
  const { bot, ada, call, simulator } = stage;
  ada.says(bot, "/start");
  const send = () => call("sendMessage", { chat_id: ada.id, text: "x" });
  for (let index = 0; index < 3; index++) assert.equal((await send()).status, 200);
  const refused = await send();
  assert.deepEqual(
    [refused.status, refused.body.description, refused.body.parameters, refused.headers.get("retry-after")],
    [429, "Too Many Requests: retry after 1", { retry_after: 1 }, "1"],
  );
  assert.equal((await send()).status, 429);
  nowMs += 1_000;
  assert.equal((await send()).status, 200);
  assert.deepEqual(
    simulator.journal.violations.map(({ isEarly }) => isEarly),
    [false, true],
  );
  assert.equal(simulator.journal.seenBy(ada.id).length, 4);
});

test("[§4] groups: privacy, being put out, and migration to another id", async (t) => {
  const stage = await openStage(t);
  const { simulator, bot, ada, result } = stage;
  const group = simulator.addChat({ type: "group", title: "House", people: [ada], bots: [bot] });
  ada.says(group, "between people");
  ada.says(group, "/help");
  ada.says(group, "/help@other_bot");
  ada.says(group, "hey @test_bot");
  const updates =
    await result<{ message?: { text?: string; new_chat_members?: object[] }; my_chat_member?: object }[]>(
      "getUpdates",
    );
  assert.ok(updates[0]?.my_chat_member !== undefined && updates[1]?.message?.new_chat_members !== undefined);
  assert.deepEqual(
    updates.slice(2).map(({ message }) => message?.text),
    ["/help", "hey @test_bot"],
  );

  const supergroup = simulator.migrate(group);
  const { status, body } = await stage.call("sendMessage", { chat_id: group.id, text: "x" });
  assert.deepEqual(
    [status, body.description, body.parameters],
    [400, "Bad Request: group chat was upgraded to a supergroup chat", { migrate_to_chat_id: supergroup.id }],
  );
  assert.equal((await stage.call("sendMessage", { chat_id: supergroup.id, text: "x" })).status, 200);
  simulator.setStatus(supergroup, bot.user, "kicked", ada.user);
  const kicked = await refusal(stage, "sendMessage", { chat_id: supergroup.id, text: "x" });
  assert.equal(kicked, "403 Forbidden: bot was kicked from the supergroup chat");
  const channel = simulator.addChat({ type: "channel", title: "News", people: [ada] });
  const outside = await refusal(stage, "sendMessage", { chat_id: channel.id, text: "x" });
  assert.equal(outside, "403 Forbidden: bot is not a member of the channel chat");
});

test("faults: slow, 5xx, cut before and after it was done", async (t) => {
  const stage = await openStage(t);
  const { simulator, bot, ada, call } = stage;
  ada.says(bot, "/start");
  const send = (text: string) => call("sendMessage", { chat_id: ada.id, text });
  simulator.faults.add({ kind: "status", code: 502, isPage: true });
  await assert.rejects(send("page"), SyntaxError);
  simulator.faults.add({ kind: "status", code: 429, retryAfter: 9 });
  assert.equal((await send("flood")).body.parameters?.retry_after, 9);
  simulator.faults.add({ kind: "cut_before" });
  await assert.rejects(send("before"));
  simulator.faults.add({ kind: "cut_after" });
  await assert.rejects(send("after"));
  simulator.faults.add({ kind: "slow", delayMs: 60 });
  const startMs = performance.now();
  assert.equal((await send("slow")).status, 200);
  assert.ok(performance.now() - startMs >= 59);
  const seen = simulator.journal
    .seenBy(ada.id)
    .map(({ body, outcome }) => `${String(body["text"])} ${outcome}`);
  assert.deepEqual(seen, ["after unknown", "slow told"]);
});

test("a bot that hangs up before its answer does not know the outcome either", async (t) => {
  const { simulator, bot, ada } = await openStage(t);
  ada.says(bot, "/start");
  simulator.faults.add({ kind: "slow", delayMs: 200 });
  const signal = AbortSignal.timeout(100);
  const url = `${simulator.url}/bot${bot.token}/sendMessage?chat_id=${ada.id}&text=x`;
  await assert.rejects(fetch(url, { signal }));
  await until(() => simulator.journal.seenBy(ada.id)[0]?.outcome === "unknown", { withinMs });
});

test("commands are kept by scope and language, and checked", async (t) => {
  const stage = await openStage(t);
  const { result } = stage;
  const commands = [{ command: "start", description: "Begin" }];
  await result("setMyCommands", { commands, scope: { type: "chat", chat_id: 5 }, language_code: "ru" });
  assert.deepEqual(
    await result("getMyCommands", { scope: { type: "chat", chat_id: 5 }, language_code: "ru" }),
    commands,
  );
  assert.deepEqual(await result("getMyCommands"), []);
  const set = (fields: object) => refusal(stage, "setMyCommands", { commands, ...fields });
  assert.equal(
    await set({ commands: [{ command: "Start", description: "x" }] }),
    "400 Bad Request: BOT_COMMAND_INVALID",
  );
  assert.equal(
    await set({ commands: [{ command: "x", description: "" }] }),
    "400 Bad Request: BOT_COMMAND_DESCRIPTION_INVALID",
  );
  assert.match(await set({ scope: { type: "planet" } }), /can't parse BotCommandScope/);
  assert.equal(
    await set({ commands: Array.from({ length: 101 }, () => commands[0]) }),
    "400 Bad Request: BOT_COMMANDS_TOO_MUCH",
  );
});
