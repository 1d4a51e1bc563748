/** A real client, unchanged: what grammY says and understands is what the simulator hears and says. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { until } from "@rookery/kit";
import { Api, Bot, GrammyError, InlineKeyboard, InputFile, InputMediaBuilder, webhookCallback } from "grammy";
import { type Simulator, type SimulatorOptions, startTelegramSimulator } from "../src/mod.ts";

async function start(t: TestContext, options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startTelegramSimulator({ limits: null, timeScale: 0.01, ...options });
  t.after(() => simulator.close());
  return simulator;
}

/** A bot with a small dialogue: `/start`, a button, an echo. */
function makeBot(token: string, apiRoot: string): Bot {
  const bot = new Bot(token, { client: { apiRoot } });
  bot.command("start", (context) =>
    context.reply("Welcome.", { reply_markup: new InlineKeyboard().text("Yes", "answer:yes") }),
  );
  bot.callbackQuery(/^answer:/, async (context) => {
    await context.answerCallbackQuery({ text: "Noted" });
    await context.editMessageText(`You said ${context.callbackQuery.data.slice("answer:".length)}.`);
  });
  bot.on("message:text", (context) => context.reply(`echo ${context.message.text}`));
  bot.catch(({ error }) => {
    throw error;
  });
  return bot;
}

const texts = (simulator: Simulator, userId: number): string[] =>
  simulator.journal
    .seenBy(userId)
    .filter(({ kind }) => kind === "message" || kind === "edit")
    .map(({ body }) => String(body["text"]));

async function talk(simulator: Simulator, token: string): Promise<void> {
  const account = simulator.world.botByToken(token);
  assert.ok(account !== undefined);
  const ada = simulator.addUser({ firstName: "Ada", languageCode: "en" });
  ada.says(account, "/start");
  const welcome = await until(() => simulator.journal.seenBy(ada.id)[0], { withinMs: 30_000 });
  const chat = simulator.world.openPrivateChat(account, ada.user);
  const shown = chat.messages.get(welcome?.messageId ?? 0);
  assert.ok(shown !== undefined);
  ada.presses(shown, account, "Yes");
  await until(() => texts(simulator, ada.id).includes("You said yes."), { withinMs: 30_000 });
  ada.says(account, "one");
  ada.says(account, "two");
  await until(() => texts(simulator, ada.id).length === 4, { withinMs: 30_000 });
  assert.deepEqual(texts(simulator, ada.id), ["Welcome.", "You said yes.", "echo one", "echo two"]);
  const answer = simulator.journal.seenBy(ada.id).find(({ kind }) => kind === "callback_answer");
  assert.equal(answer?.body["text"], "Noted");
}

test("a grammY bot with long polling talks with its people", async (t) => {
  const simulator = await start(t);
  const { token } = simulator.addBot({ username: "polling_bot" });
  const bot = makeBot(token, simulator.url);
  const running = bot.start({ allowed_updates: ["message", "callback_query"] });
  await talk(simulator, token);
  await bot.stop();
  await running;
  const methods = new Set(simulator.journal.calls.map(({ method }) => method));
  for (const method of ["getMe", "deleteWebhook", "getUpdates"]) assert.ok(methods.has(method), method);
  // A stopping bot hangs up its poll and confirms with another.
  const others = simulator.journal.calls.filter(({ method }) => method !== "getUpdates");
  assert.ok(others.every(({ status }) => status === 200));
});

async function listen(t: TestContext, bot: Bot): Promise<string> {
  const handle = webhookCallback(bot, "http", { secretToken: "a-secret" });
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("a grammY bot with a webhook talks with its people", async (t) => {
  const simulator = await start(t);
  const { token } = simulator.addBot({ username: "webhook_bot" });
  const bot = makeBot(token, simulator.url);
  await bot.api.setWebhook(await listen(t, bot), { secret_token: "a-secret" });
  await talk(simulator, token);
  assert.ok(simulator.deliveries.every(({ status }) => status === 200));
});

test("a grammY bot answers in its webhook's answers", async (t) => {
  const simulator = await start(t);
  const account = simulator.addBot({ username: "webhook_bot" });
  const bot = new Bot(account.token, { client: { apiRoot: simulator.url, canUseWebhookReply: () => true } });
  bot.on("message:text", (context) => context.reply(`echo ${context.message.text}`));
  const url = await listen(t, bot);
  await new Api(account.token, { apiRoot: simulator.url }).setWebhook(url, { secret_token: "a-secret" });
  const ada = simulator.addUser({ firstName: "Ada" });
  for (const text of ["one", "two", "three"]) ada.says(account, text);
  await until(() => texts(simulator, ada.id).length === 3, { withinMs: 30_000 });
  assert.deepEqual(texts(simulator, ada.id), ["echo one", "echo two", "echo three"]);
  const sends = simulator.journal.calls.filter(({ method }) => method === "sendMessage");
  assert.ok(sends.every(({ isWebhookAnswer }) => isWebhookAnswer));
});

test("grammY's Api sends every kind, uploads and downloads, edits, pins, deletes and asks", async (t) => {
  const simulator = await start(t);
  const account = simulator.addBot({ username: "api_bot" });
  const api = new Api(account.token, { apiRoot: simulator.url });
  const ada = simulator.addUser({ firstName: "Ada" });
  ada.says(account, "/start");
  const bytes = Buffer.from("the bytes of a document");

  const sent = await api.sendDocument(ada.id, new InputFile(bytes, "note.txt"), {
    caption: "a <b>note</b>",
    parse_mode: "HTML",
  });
  assert.equal(sent.document.file_name, "note.txt");
  assert.deepEqual(sent.caption_entities, [{ type: "bold", offset: 2, length: 4 }]);
  const file = await api.getFile(sent.document.file_id);
  const download = await fetch(`${simulator.url}/file/bot${account.token}/${file.file_path}`);
  assert.deepEqual(Buffer.from(await download.arrayBuffer()), bytes);
  // The id alone sends it again.
  const again = await api.sendDocument(ada.id, sent.document.file_id);
  assert.equal(again.document.file_unique_id, sent.document.file_unique_id);

  const album = await api.sendMediaGroup(ada.id, [
    InputMediaBuilder.photo(new InputFile(bytes, "one.jpg"), { caption: "first" }),
    InputMediaBuilder.photo(new InputFile(bytes, "two.jpg")),
  ]);
  assert.equal(new Set(album.map((each) => "media_group_id" in each && each.media_group_id)).size, 1);
  await api.sendPhoto(ada.id, new InputFile(bytes, "x.jpg"));
  await api.sendVideo(ada.id, new InputFile(bytes, "x.mp4"));
  await api.sendAudio(ada.id, new InputFile(bytes, "x.mp3"));
  await api.sendVoice(ada.id, new InputFile(bytes, "x.oga"));
  await api.sendAnimation(ada.id, new InputFile(bytes, "x.gif"));
  await api.sendLocation(ada.id, 41.3, 69.2);
  await api.sendContact(ada.id, "+998901234567", "Bob");
  await api.sendChatAction(ada.id, "typing");

  const text = await api.sendMessage(ada.id, "before", { reply_markup: new InlineKeyboard().text("A", "a") });
  await api.editMessageText(ada.id, text.message_id, "after");
  await api.editMessageReplyMarkup(ada.id, text.message_id, {
    reply_markup: new InlineKeyboard().text("B", "b"),
  });
  await api.editMessageCaption(ada.id, sent.message_id, { caption: "another" });
  await api.setMessageReaction(ada.id, text.message_id, [{ type: "emoji", emoji: "👍" }]);
  await api.pinChatMessage(ada.id, text.message_id);
  assert.equal((await api.getChat(ada.id)).pinned_message?.message_id, text.message_id);
  await api.unpinChatMessage(ada.id, text.message_id);
  await api.deleteMessage(ada.id, text.message_id);

  await api.setMyCommands([{ command: "start", description: "Begin" }], { language_code: "uz" });
  assert.deepEqual(await api.getMyCommands({ language_code: "uz" }), [
    { command: "start", description: "Begin" },
  ]);
  await api.deleteMyCommands({ language_code: "uz" });
  assert.deepEqual(await api.getMyCommands({ language_code: "uz" }), []);
  assert.equal((await api.getChatMember(ada.id, ada.id)).status, "member");
  assert.equal(await api.getChatMemberCount(ada.id), 2);
  const queryId = ada.asks(account, "find");
  await api.answerInlineQuery(queryId, [
    { type: "article", id: "1", title: "One", input_message_content: { message_text: "one" } },
  ]);
  assert.equal((await api.getWebhookInfo()).url, "");

  await assert.rejects(api.raw.getStarTransactions({}), (error: unknown) => {
    assert.ok(error instanceof GrammyError);
    assert.deepEqual([error.error_code, error.description], [404, "Not Found: method not found"]);
    return true;
  });
  const kinds = simulator.journal.seenBy(ada.id).map(({ kind }) => kind);
  for (const kind of ["message", "edit", "delete", "reaction", "pin", "unpin", "action", "inline_answer"]) {
    assert.ok(
      kinds.some((each) => each === kind),
      kind,
    );
  }
});
