/** The rules of webhooks to bots (the design's page on Telegram, section 3), over two edges; waiting times are tested in the courier. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, it } from "node:test";
import { until } from "@rookery/kit";
import { createGroup, expect, register } from "../rest.ts";
import { openSocket } from "../socket.ts";
import { type BotMessage, makeBot, type OwnBot, say, talkTo } from "./bot-api.ts";
import { openProgram, type Posted, type Program, type Said } from "./program.ts";

const withinMs = 30_000;

interface Info {
  readonly url: string;
  readonly pending_update_count: number;
  readonly ip_address?: string;
  readonly last_error_message?: string;
  readonly last_error_date?: number;
}

export function updatesArePosted(edges: () => readonly string[]): void {
  const base = () => edges()[0] ?? "";
  const other = () => edges()[1] ?? "";
  const programs: Program[] = [];
  after(() => {
    for (const program of programs) program.close();
  });

  it("updates are posted as JSON with the secret, one after the other in a chat, over a connection that is kept", async () => {
    const { bot, speak, program } = await posted(() => ({}), { secret_token: "s3cr-et_" });
    const texts = Array.from({ length: 12 }, (_, number) => `number ${number}`);
    await speak(...texts);
    await until(() => program.posted.length === texts.length, { withinMs });
    assert.deepEqual(
      program.posted.map(({ update }) => update.message?.text),
      texts,
    );
    assert.deepEqual(
      program.posted.map(({ update }) => update.update_id),
      texts.map((_, place) => place + 1),
    );
    const [first] = program.posted;
    assert.deepEqual(
      [first?.method, first?.headers["content-type"], first?.headers["x-telegram-bot-api-secret-token"]],
      ["POST", "application/json", "s3cr-et_"],
    );
    assert.deepEqual([program.connections, program.atOnceMax], [1, 1]);
    await until(async () => (await infoOf(bot)).pending_update_count === 0, { withinMs });
  });

  it("only the first of a chat is under way; other chats, and presses by their people, go on beside it", async () => {
    const held = Promise.withResolvers<Said>();
    const { bot, owner, chatId, speak, program } = await posted(({ update }) =>
      update.message?.text === "hold" ? held.promise : {},
    );
    const group = await createGroup(base(), owner, [], "Beside");
    const path = `/v1/chats/${group.id}/invite`;
    await expect(200, base(), "POST", path, { token: owner.token, body: { userIds: [bot.id] } });
    await until(() => program.posted.length === 2, { withinMs });
    const markup = { inline_keyboard: [[{ text: "b", callback_data: "b" }]] };
    const shown = { chat_id: owner.userId, text: "press", reply_markup: markup };
    const { message_id: seq } = await bot.done<BotMessage>("sendMessage", shown);
    await speak("hold", "after it");
    await say(base(), owner, group.id, "/beside");
    const socket = await openSocket({ base: other(), token: owner.token });
    socket.send({ type: "Callback", uuid: randomUUID(), chatId, seq, data: "b" });
    await until(() => program.posted.length === 5, { withinMs });
    const kinds = program.posted.slice(2).map(({ update: { message, callback_query: press } }) => {
      return message?.text ?? press?.data;
    });
    assert.deepEqual(new Set(kinds), new Set(["/beside", "b", "hold"]));
    held.resolve({});
    await until(() => program.posted.at(-1)?.update.message?.text === "after it", { withinMs });
    await socket.close();
  });

  it("what a webhook answers is done: JSON, a form, parts with a file; what is not to be done so is not", async () => {
    const form = (fields: Readonly<Record<string, string>>): Said => ({
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields).toString(),
    });
    const { owner, chatId, speak, program, bot } = await posted(async ({ update }) => {
      const text = update.message?.text ?? "";
      const chat = String(update.message?.chat.id);
      switch (text) {
        case "json":
          return {
            headers: json,
            body: JSON.stringify({ method: "sendMessage", chat_id: chat, text: "as JSON" }),
          };
        case "form":
          return form({ method: "SENDMESSAGE", chat_id: chat, text: "as a form" });
        case "parts":
          return await parts(chat);
        case "forbidden":
          return form({ method: "deleteWebhook" });
        case "wrong":
          return form({ method: "sendMessage", chat_id: "1", text: "nobody's" });
        default:
          return { headers: json, body: '{"ok":true}' };
      }
    });
    const socket = await openSocket({ base: other(), token: owner.token });
    await speak("json", "form", "parts", "forbidden", "wrong", "nothing");
    await until(() => program.posted.length === 6, { withinMs });
    const heard = await socket.heard(chatId, 9);
    const answers = heard.filter(({ senderId }) => senderId === bot.id);
    assert.deepEqual(
      answers.map(({ body, kind }) => [kind, body]),
      [
        ["text", "as JSON"],
        ["text", "as a form"],
        ["document", "as parts"],
      ],
    );
    assert.equal((await infoOf(bot)).url, program.url);
    await socket.close();
  });

  it("what was refused is told by getWebhookInfo, and comes again; drop_pending_updates forgets it", async () => {
    let isBroken = true;
    const { bot, speak, program } = await posted(() => ({ status: isBroken ? 503 : 200 }));
    await speak("a", "b");
    await until(() => program.posted.length >= 2, { withinMs });
    assert.deepEqual(
      program.posted.slice(0, 2).map(({ update }) => update.message?.text),
      ["a", "a"],
    );
    const info = await until(
      async () => {
        const now = await infoOf(bot);
        return now.last_error_message === undefined ? undefined : now;
      },
      { withinMs },
    );
    assert.equal(info?.last_error_message, "Wrong response from the webhook: 503 Service Unavailable");
    assert.ok(Math.abs((info?.last_error_date ?? 0) - Date.now() / 1_000) < 120);
    assert.equal(info?.pending_update_count, 2);
    await bot.done("setWebhook", { url: program.url, drop_pending_updates: true }, other());
    assert.equal((await infoOf(bot)).pending_update_count, 0);
    isBroken = false;
    await speak("c");
    await until(() => program.posted.at(-1)?.update.message?.text === "c", { withinMs });
    assert.ok(!program.posted.some(({ update }) => update.message?.text === "b"));
  });

  it("ip_address is where the webhook's name is, whatever others say", async () => {
    const { bot, speak, program } = await posted(() => ({}));
    const url = program.url.replace("127.0.0.1", "bot.invalid");
    await bot.done("setWebhook", { url, ip_address: "127.0.0.1" });
    await speak("there?");
    await until(() => program.posted.length === 1, { withinMs });
    assert.match(program.posted[0]?.headers.host ?? "", /^bot\.invalid:/);
    assert.equal((await infoOf(bot)).ip_address, "127.0.0.1");
  });

  it("a bot may go from one way to the other: what it has not had, it gets", async () => {
    const { bot, speak, program } = await posted(() => ({}));
    await speak("posted");
    await until(() => program.posted.length === 1, { withinMs });
    await until(async () => (await infoOf(bot)).pending_update_count === 0, { withinMs });
    await bot.done("deleteWebhook");
    await speak("asked for");
    const [update] = await bot.updates({ timeout: 30 }, other());
    assert.equal(update?.message?.text, "asked for");
    await bot.done("setWebhook", { url: program.url });
    await until(() => program.posted.length === 2, { withinMs });
    assert.deepEqual(program.posted[1]?.update, update);
  });

  async function posted(answer: (posted: Posted) => Said | Promise<Said>, settings: object = {}) {
    const owner = await register(base(), "posted");
    const bot = await makeBot(edges(), owner);
    const { id: chatId } = await talkTo(base(), owner, bot);
    const program = await openProgram(answer);
    programs.push(program);
    await bot.done("setWebhook", { url: program.url, ...settings }, other());
    const speak = async (...bodies: readonly string[]) => {
      for (const body of bodies) await say(base(), owner, chatId, body);
    };
    return { owner, bot, chatId, program, speak };
  }
}

const json = { "content-type": "application/json" };

async function infoOf(bot: OwnBot): Promise<Info> {
  return await bot.done<Info>("getWebhookInfo");
}

async function parts(chat: string): Promise<Said> {
  const form = new FormData();
  form.set("method", "sendDocument");
  form.set("chat_id", chat);
  form.set("caption", "as parts");
  form.set("document", new Blob(["some bytes"]), "note.txt");
  const response = new Response(form);
  return {
    headers: { "content-type": response.headers.get("content-type") ?? "" },
    body: new Uint8Array(await response.arrayBuffer()),
  };
}
