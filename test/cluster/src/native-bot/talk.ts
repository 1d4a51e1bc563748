/** People and a bot of the cluster's own: in a direct chat and in groups, with buttons and a menu. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { it } from "node:test";
import { createGroup, expect, type Person, register, request } from "../rest.ts";
import { openSocket } from "../socket.ts";
import { type BotMessage, makeBot, type OwnBot, say, talkTo } from "./bot-api.ts";

const callbackTooOld = "Bad Request: query is too old and response timeout expired or query ID is invalid";

export function talkWithBots(edges: () => readonly string[]): void {
  const base = () => edges()[0] ?? "";
  const other = () => edges()[1] ?? "";

  it("a photo that somebody sends has the sides its bytes have, in updates and where it is said again", async () => {
    const ann = await register(base(), "painter");
    const bot = await makeBot(edges(), ann, "Frame");
    const chat = await talkTo(base(), ann, bot);
    const head = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
    const body = Buffer.concat([head, Buffer.from("00000140000000c80806000000", "hex"), Buffer.alloc(40)]);
    const headers = { authorization: `Bearer ${ann.token}` };
    const brought = await fetch(`${base()}/v1/files?name=rook.png`, { method: "POST", headers, body });
    assert.equal(brought.status, 201);
    const file = (await brought.json()) as { readonly kind: string };
    assert.equal(file.kind, "photo");
    const said = { token: ann.token, body: { body: "", kind: "photo", attachments: [file] } };
    await expect(201, base(), "POST", `/v1/chats/${chat.id}/messages`, said);
    interface Shown {
      readonly message_id: number;
      readonly photo: readonly { readonly width: number; readonly height: number }[];
    }
    const sidesOf = ({ photo }: Shown) => photo.map(({ width, height }) => [width, height]);
    const [update] = await bot.updates({ timeout: 30 }, other());
    const shown = update?.message as unknown as Shown;
    assert.deepEqual(sidesOf(shown), [[320, 200]]);
    const where = { chat_id: ann.userId, from_chat_id: ann.userId, message_id: shown.message_id };
    assert.deepEqual(sidesOf(await bot.done<Shown>("forwardMessage", where)), [[320, 200]]);
  });

  it("a bot is made, found, started with a payload, and answers, each on another edge", async () => {
    const owner = await register(base(), "maker");
    const ann = await register(base(), "ann");
    const bot = await makeBot(edges(), owner, "Greeter");
    const me = await bot.done<object>("getMe");
    assert.deepEqual(
      { ...me, can_read_all_group_messages: undefined },
      { ...me, id: bot.id, is_bot: true, username: bot.username, can_read_all_group_messages: undefined },
    );
    const found = await expect<{ items: { id: number; isBot: boolean }[] }>(
      200,
      base(),
      "GET",
      `/v1/users?query=${bot.username}`,
      { token: ann.token },
    );
    assert.deepEqual(
      found.items.map(({ id, isBot }) => ({ id, isBot })),
      [{ id: bot.id, isBot: true }],
    );
    const socket = await openSocket({ base: base(), token: ann.token });
    const chat = await talkTo(base(), ann, bot);
    await socket.say(chat.id, randomUUID(), "/start ref-42");
    const [first] = await bot.updates({ timeout: 30 }, other());
    assert.deepEqual(
      {
        text: first?.message?.text,
        chat: [first?.message?.chat.id, first?.message?.chat.type],
        from: [first?.message?.from.id, first?.message?.from.is_bot, first?.message?.from.first_name],
        entities: first?.message?.entities,
      },
      {
        text: "/start ref-42",
        chat: [ann.userId, "private"],
        from: [ann.userId, false, "ann"],
        entities: [{ type: "bot_command", offset: 0, length: 6 }],
      },
    );
    const sent = await bot.done<BotMessage>(
      "sendMessage",
      { chat_id: ann.userId, text: "Hello!", reply_parameters: { message_id: first?.message?.message_id } },
      other(),
    );
    assert.equal(sent.from.id, bot.id);
    const [, heard] = await socket.heard(chat.id, 2);
    assert.deepEqual(
      [heard?.body, heard?.senderId, heard?.replyTo, heard?.seq],
      ["Hello!", bot.id, 1, sent.message_id],
    );
    await socket.close();
  });

  it("a button is pressed: the bot is told, what it says is shown, once", async () => {
    const { bot, person, chatId } = await pair("presser");
    const socket = await openSocket({ base: other(), token: person.token });
    const markup = { inline_keyboard: [[{ text: "Yes", callback_data: "yes:1" }]] };
    const asked = await bot.done<BotMessage>("sendMessage", {
      chat_id: person.userId,
      text: "Sure?",
      reply_markup: markup,
    });
    const [question] = await socket.heard(chatId, 1);
    assert.deepEqual(question?.keyboard, {
      rows: [{ buttons: [{ text: "Yes", data: "yes:1" }] }],
      place: "inline",
    });
    const press = { type: "Callback", uuid: "press-1", chatId, seq: asked.message_id, data: "yes:1" };
    socket.send(press);
    const [update] = await bot.take(1);
    const query = update?.callback_query;
    assert.match(query?.id ?? "", /^\d+$/);
    assert.deepEqual(
      [query?.data, query?.from.id, query?.message.text, query?.message.chat.id],
      ["yes:1", person.userId, "Sure?", person.userId],
    );
    const answer = { callback_query_id: query?.id, text: "Noted", show_alert: true };
    assert.equal(await bot.done("answerCallbackQuery", answer), true);
    const shown = await socket.frame("CallbackAnswer", ({ uuid }) => uuid === "press-1");
    assert.deepEqual(shown, { type: "CallbackAnswer", uuid: "press-1", text: "Noted", alert: true });
    const again = await bot.call("answerCallbackQuery", answer);
    assert.deepEqual([again.error_code, again.description], [400, callbackTooOld]);
    const late = await bot.call("answerCallbackQuery", { ...answer, text: "x".repeat(201) });
    assert.equal(late.description, "Bad Request: MESSAGE_TOO_LONG");
    // Pressed again under the same name, it is answered as before, and the bot hears nothing.
    const from = socket.journal.length;
    socket.send(press);
    await socket.frame("CallbackAnswer", ({ text }) => text === "Noted", { after: from });
    socket.send({ ...press, uuid: "press-2", data: "no:1" });
    assert.equal((await socket.frame("Error", ({ uuid }) => uuid === "press-2")).code, "invalid");
    assert.deepEqual(await bot.updates({ offset: (update?.update_id ?? 0) + 1 }), []);
    await socket.close();
  });

  it("in a group it hears what is meant for it alone, until privacy mode is switched off", async () => {
    const owner = await register(base(), "leader");
    const max = await register(base(), "max");
    const bot = await makeBot(edges(), owner);
    const group = await createGroup(base(), owner, [max], "Rooks");
    await expect(200, base(), "POST", `/v1/chats/${group.id}/invite`, {
      token: owner.token,
      body: { userIds: [bot.id] },
    });
    const [joined, told] = await bot.take(2);
    const member = [joined, told].find((update) => update?.my_chat_member !== undefined)?.my_chat_member;
    assert.deepEqual(
      [member?.chat, member?.from.id, member?.old_chat_member.status, member?.new_chat_member.status],
      [{ id: -group.id, type: "group", title: "Rooks" }, owner.userId, "left", "member"],
    );
    const service = [joined, told].find((update) => update?.message !== undefined)?.message;
    assert.deepEqual(
      service?.new_chat_members?.map(({ id }) => id),
      [bot.id],
    );
    const speak = async (...bodies: string[]) => {
      for (const body of bodies) await say(base(), max, group.id, body);
    };
    await speak(
      "between us",
      "/roll",
      "/roll@somebody_else",
      `/roll@${bot.username}`,
      `what, @${bot.username}?`,
    );
    const sent = await bot.done<BotMessage>("sendMessage", { chat_id: -group.id, text: "4" });
    const path = `/v1/chats/${group.id}/messages`;
    const answer = { body: "only four?", replyTo: sent.message_id };
    await expect(201, base(), "POST", path, { token: max.token, body: answer });
    const heard = await bot.take(4);
    assert.deepEqual(
      heard.map(({ message }) => message?.text),
      ["/roll", `/roll@${bot.username}`, `what, @${bot.username}?`, "only four?"],
    );
    assert.equal(heard[3]?.message?.reply_to_message?.text, "4");
    const change = { token: owner.token, body: { privacyMode: false } };
    await expect(200, base(), "PATCH", `/v1/bots/${bot.id}`, change);
    await speak("to everybody");
    assert.deepEqual(
      (await bot.take(1)).map(({ message }) => message?.text),
      ["to everybody"],
    );
    await expect(204, base(), "DELETE", `/v1/chats/${group.id}/members/${bot.id}`, { token: owner.token });
    const gone = await bot.take(1);
    assert.equal(gone[0]?.my_chat_member?.new_chat_member.status, "kicked");
    await speak("without it");
    const refused = await bot.call("sendMessage", { chat_id: -group.id, text: "still here" });
    assert.deepEqual(
      [refused.error_code, refused.description],
      [403, "Forbidden: bot was kicked from the group chat"],
    );
  });

  it("its menu is shown to whoever shares a chat with it, and to nobody else", async () => {
    const { bot, person } = await pair("diner");
    const stranger = await register(base(), "stranger");
    const commands = [{ command: "eat", description: "Order a meal" }];
    await bot.done("setMyCommands", { commands });
    const german = [{ command: "eat", description: "Essen bestellen" }];
    await bot.done("setMyCommands", { commands: german, language_code: "de" });
    const path = `/v1/bots/${bot.id}/commands`;
    const menu = async (query: string) =>
      await expect(200, other(), "GET", path + query, { token: person.token });
    assert.deepEqual(await menu(""), { commands });
    assert.deepEqual(await menu("?language=de"), { commands: german });
    assert.deepEqual(await menu("?language=fr"), { commands });
    assert.equal((await request(other(), "GET", path, { token: stranger.token })).status, 404);
  });

  async function pair(name: string): Promise<{ bot: OwnBot; person: Person; chatId: number }> {
    const owner = await register(base(), `${name}_owner`);
    const person = await register(base(), name);
    const bot = await makeBot(edges(), owner);
    const { id: chatId } = await talkTo(base(), person, bot);
    return { bot, person, chatId };
  }
}
