/**
 * Every method of the Bot API surface on real chats: answers and updates as Telegram documents them, a repeat under the same
 * Idempotency-Key answered as at first and done once; what is not there is 404.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { TelegramFile, TelegramMessage, TelegramMessageId, TelegramPoll } from "@gramio/types/objects";
import { malformedCall, openRandom } from "@rookery/kit";
import { type BotCaller, openBotCaller } from "./bot-method/bot-caller.ts";
import { readTelegramTypes } from "./bot-method/telegram-type.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { picture, report } from "./framework/specimen.ts";
import { openTalk, type Talk } from "./framework/story.ts";
import { createGroup, expect, type Person, readHistory, register } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";

const types = readTelegramTypes();
const dot = { name: "dot.png", bytes: picture };
const words = { name: "words.txt", bytes: report };

/** TELEGRAM.md, section 6, all that is not of updates, which `native-bot` tells of. */
const firstWave = `getMe getFile logOut close sendMessage sendPhoto sendDocument sendVideo sendAudio sendVoice sendAnimation
  sendSticker sendMediaGroup sendLocation sendVenue sendContact sendPoll sendDice sendChatAction forwardMessage copyMessage
  editMessageText editMessageCaption editMessageMedia editMessageReplyMarkup deleteMessage deleteMessages stopPoll
  setMessageReaction getChat getChatMember getChatMemberCount getChatAdministrators banChatMember unbanChatMember
  pinChatMessage unpinChatMessage setMyCommands getMyCommands deleteMyCommands getUserProfilePhotos setChatMenuButton
  getChatMenuButton setMyName getMyName setMyDescription getMyDescription setMyShortDescription getMyShortDescription`;
const secondWave = `sendVideoNote forwardMessages copyMessages restrictChatMember promoteChatMember leaveChat setChatTitle
  unpinAllChatMessages`;
/** Tested with updates, or refused to everybody. */
const elsewhere = "getUpdates setWebhook deleteWebhook getWebhookInfo answerCallbackQuery answerInlineQuery";
const named = (list: string): string[] => list.split(/\s+/);

describe("methods of the Bot API surface", () => {
  let cluster: Cluster;
  let ada: Person;
  let bob: Person;
  let socket: Socket;
  let talk: Talk;
  let bot: BotCaller;
  let token: string;
  let groupId: number;
  let chat_id: number;
  let group: { chat_id: number };

  before(async () => {
    cluster = await openCluster({ env: { WEBHOOK_ALLOW_PRIVATE: "true" } });
    const { base } = cluster;
    const people = await Promise.all(["owner", "ada", "bob"].map((name) => register(base, name)));
    const [owner, ...others] = people as [Person, Person, Person];
    [ada, bob] = others;
    socket = await openSocket({ base, token: ada.token });
    const opened = await openTalk({ base, owner, person: ada, socket, username: "methods_bot" });
    talk = opened;
    token = opened.token;
    bot = openBotCaller(`${base}/bot${token}`, types);
    await bot.call("getUpdates", {
      allowed_updates: [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "chat_member",
        "message_reaction",
        "poll",
        "poll_answer",
      ],
    });
    ({ id: groupId } = await createGroup(base, owner, others, "A group"));
    const manage = { token: owner.token, body: { userIds: [talk.botId] } };
    await expect(200, base, "POST", `/v1/chats/${groupId}/invite`, manage);
    const path = `/v1/chats/${groupId}/members/${talk.botId}`;
    await expect(200, base, "PATCH", path, { token: owner.token, body: { role: "admin" } });
    chat_id = ada.userId;
    group = { chat_id: -groupId };
  });
  after(async () => {
    await socket?.close();
    await cluster?.close();
  });

  it("of itself", async () => {
    await bot.done("getMe");
    await bot.done("logOut");
    await bot.done("close");
    const commands = [{ command: "go", description: "Goes" }];
    for (const scope of [
      { type: "default" },
      { type: "all_group_chats" },
      { type: "chat", ...group },
      { type: "chat_member", ...group, user_id: ada.userId },
    ]) {
      await bot.done("setMyCommands", { commands, scope, language_code: "de" });
      assert.deepEqual(await bot.done("getMyCommands", { scope, language_code: "de" }), commands);
      assert.deepEqual(await bot.done("getMyCommands", { scope }), []);
      await bot.done("deleteMyCommands", { scope, language_code: "de" });
      assert.deepEqual(await bot.done("getMyCommands", { scope, language_code: "de" }), []);
    }
    for (const [what, field] of [
      ["Name", "name"],
      ["Description", "description"],
      ["ShortDescription", "short_description"],
    ]) {
      await bot.done(`setMy${what}`, { [String(field)]: "Words" });
      assert.deepEqual(await bot.done(`getMy${what}`), { [String(field)]: "Words" });
    }
    await bot.done("setChatMenuButton", { chat_id, menu_button: { type: "commands" } });
    assert.deepEqual(await bot.done("getChatMenuButton", { chat_id }), { type: "commands" });
    await bot.done("getUserProfilePhotos", { user_id: chat_id });
  });

  it("sends of every kind: each is one message", async () => {
    const before = (await readHistory(cluster.base, ada, talk.chatId)).items.length;
    const first = await bot.done("sendMessage", { chat_id, text: "*bold* _and_", parse_mode: "Markdown" });
    assert.equal(first.text, "bold and");
    const photo = await bot.done("sendPhoto", { chat_id, photo: dot, caption: "a dot", has_spoiler: true });
    assert.deepEqual([photo.photo?.[0]?.width, photo.has_media_spoiler, photo.caption], [1, true, "a dot"]);
    const document = await bot.done("sendDocument", { chat_id, document: words });
    const again = await bot.done("sendDocument", { chat_id, document: document.document?.file_id });
    assert.equal(again.document?.file_unique_id, document.document?.file_unique_id);
    for (const kind of ["video", "audio", "voice", "animation", "sticker", "video_note"]) {
      const method = `send${kind.replaceAll(/(^|_)(\w)/g, (_, _gap, letter: string) => letter.toUpperCase())}`;
      const sent = await bot.done(method, {
        chat_id,
        [kind]: "attach://file",
        file: dot,
        duration: 3,
        length: 4,
      });
      assert.ok(kind in sent, kind);
    }
    const media = [
      { type: "photo", media: "attach://one", caption: "<i>one</i>", parse_mode: "HTML" },
      { type: "photo", media: photo.photo?.[0]?.file_id },
    ];
    const album = await bot.done<TelegramMessage[]>("sendMediaGroup", { chat_id, media, one: dot });
    assert.equal(new Set(album.map((each) => each.media_group_id)).size, 1);
    await bot.done("sendLocation", { chat_id, latitude: 41.3, longitude: 69.2 });
    await bot.done("sendVenue", {
      chat_id,
      latitude: 41.3,
      longitude: 69.2,
      title: "Home",
      address: "Street",
    });
    await bot.done("sendContact", { chat_id, phone_number: "+1", first_name: "A" });
    await bot.done("sendPoll", { chat_id, question: "?", options: ["a", { text: "b" }] });
    const dice = await bot.done("sendDice", { chat_id });
    assert.ok((dice.dice?.value ?? 0) >= 1);
    await bot.done("sendChatAction", { chat_id, action: "typing" });
    await bot.done("forwardMessage", { chat_id, from_chat_id: chat_id, message_id: first.message_id });
    await bot.done("copyMessage", { ...group, from_chat_id: chat_id, message_id: photo.message_id });
    const message_ids = [first.message_id, photo.message_id];
    const from_chat_id = chat_id;
    const copies = await bot.done<TelegramMessageId[]>("copyMessages", {
      ...group,
      from_chat_id,
      message_ids,
    });
    assert.equal(copies.length, 2);
    await bot.done<TelegramMessageId[]>("forwardMessages", { ...group, from_chat_id, message_ids });
    const file = await bot.done<TelegramFile>("getFile", { file_id: document.document?.file_id });
    const response = await fetch(`${cluster.base}/file/bot${token}/${file.file_path}`);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), report);
    // Each call was made twice.
    const { items } = await readHistory(cluster.base, ada, talk.chatId);
    assert.equal(items.length - before, 4 + 6 + 2 + 5 + 1);
  });

  it("changes of what was sent", async () => {
    const { message_id } = await bot.done("sendMessage", { chat_id, text: "one" });
    const at = { chat_id, message_id };
    const edited = await bot.done("editMessageText", { ...at, text: "two" });
    assert.deepEqual([edited.text, typeof edited.edit_date], ["two", "number"]);
    const notModified =
      "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";
    await bot.refused("editMessageText", { ...at, text: "two" }, notModified);
    await bot.done("editMessageReplyMarkup", {
      ...at,
      reply_markup: { inline_keyboard: [[{ text: "A", callback_data: "a" }]] },
    });
    const photo = await bot.done("sendPhoto", { chat_id, photo: dot });
    const aimed = { chat_id, message_id: photo.message_id };
    await bot.done("editMessageCaption", { ...aimed, caption: "words" });
    const media = { type: "document", media: "attach://file" };
    const changed = await bot.done("editMessageMedia", { ...aimed, media, file: words });
    assert.equal(changed.document?.file_name, "words.txt");
    await bot.done("setMessageReaction", { ...at, reaction: [{ type: "emoji", emoji: "👍" }] });
    await bot.done("setMessageReaction", { ...at, reaction: [] });
    await bot.done("pinChatMessage", {
      ...group,
      message_id: (await bot.done("sendMessage", { ...group, text: "pin" })).message_id,
    });
    await bot.done("getChat", group);
    await bot.done("unpinChatMessage", group);
    await bot.done("unpinAllChatMessages", group);
    const poll = await bot.done("sendPoll", { ...group, question: "?", options: ["a", "b"] });
    socket.send({ type: "Vote", uuid: "vote", chatId: groupId, seq: poll.message_id, options: [1] });
    await socket.frame("Ack", ({ uuid }) => uuid === "vote");
    const closed = await bot.done<TelegramPoll>("stopPoll", { ...group, message_id: poll.message_id });
    assert.deepEqual([closed.is_closed, closed.options[1]?.voter_count], [true, 1]);
    await bot.done("deleteMessage", at);
    await bot.refused(
      "deleteMessage",
      { chat_id, message_id: 99_999 },
      "Bad Request: message to delete not found",
    );
    await bot.done("deleteMessages", { chat_id, message_ids: [photo.message_id, 99_999] });
  });

  it("chats and who is in them", async () => {
    const user = { ...group, user_id: bob.userId };
    await bot.done("getChat", { chat_id });
    assert.equal((await bot.done<{ status: string }>("getChatMember", user)).status, "member");
    assert.equal(await bot.done<number>("getChatMemberCount", group), 4);
    await bot.done("getChatAdministrators", { ...group, return_bots: true });
    await bot.done("restrictChatMember", { ...user, permissions: { can_send_messages: false } });
    assert.equal((await bot.done<{ status: string }>("getChatMember", user)).status, "restricted");
    await bot.done("restrictChatMember", { ...user, permissions: { can_send_messages: true } });
    await bot.done("banChatMember", user);
    assert.equal((await bot.done<{ status: string }>("getChatMember", user)).status, "kicked");
    await bot.done("unbanChatMember", { ...user, only_if_banned: true });
    assert.equal((await bot.done<{ status: string }>("getChatMember", user)).status, "left");
    const promoted = await bot.call("promoteChatMember", {
      ...group,
      user_id: ada.userId,
      can_manage_chat: true,
    });
    assert.ok(
      promoted.ok || promoted.description === "Bad Request: not enough rights to promote/demote chat member",
    );
    await bot.done("setChatTitle", { ...group, title: "Another title" });
  });

  it("updates are as Telegram documents them", async () => {
    const { chatId } = talk;
    const { message_id: seq } = await bot.done("sendMessage", {
      chat_id,
      text: "press",
      reply_markup: { inline_keyboard: [[{ text: "A", callback_data: "a" }]] },
    });
    await socket.say(chatId, "say", "mail me@example.org or see https://example.org #tag");
    const mine = socket.acks.get("say")?.seq ?? 0;
    for (const frame of [
      { type: "EditMessage", uuid: "edit", chatId, seq: mine, body: "edited" },
      { type: "React", uuid: "react", chatId, seq, emoji: "👍" },
      {
        type: "SendMessage",
        uuid: "place",
        chatId,
        body: "",
        kind: "location",
        location: { latitude: 1, longitude: 2 },
      },
    ]) {
      socket.send(frame);
      await socket.frame("Ack", ({ uuid }) => uuid === frame.uuid);
    }
    socket.send({ type: "Callback", uuid: "press", chatId, seq, data: "a" });
    const kinds = new Set<string>();
    const wanted = [
      "message",
      "edited_message",
      "callback_query",
      "my_chat_member",
      "message_reaction",
      "poll_answer",
    ];
    for (let offset = 0, turns = 0; turns < 50 && !wanted.every((kind) => kinds.has(kind)); turns++) {
      const { result } = await bot.call("getUpdates", { offset, timeout: 5 });
      for (const update of result as { update_id: number }[]) {
        assert.deepEqual(types.checkUpdate(update), []);
        offset = update.update_id + 1;
        for (const kind of Object.keys(update)) kinds.add(kind);
      }
    }
    assert.deepEqual(
      wanted.filter((kind) => !kinds.has(kind)),
      [],
    );
  });

  it("[F] malformed calls upon real chats are never 5xx", async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = openRandom(seed);
    const methods = types.methods.filter((name) => name !== "leaveChat" && !/webhook/i.test(name));
    const target = { token, chatIds: [chat_id, -groupId], methods };
    const wrong: string[] = [];
    for (let count = 0; count < 300; count++) {
      const { bytes, cut, what } = malformedCall(random, target);
      if (cut !== undefined) continue;
      const text = bytes.toString("latin1");
      const [head = ""] = text.split("\r\n\r\n");
      const [line = "", ...headers] = head.split("\r\n");
      if (!line.startsWith("POST ") || /transfer-encoding/.test(head)) continue;
      const response = await fetch(cluster.base + (line.split(" ")[1] ?? ""), {
        method: "POST",
        headers: headers.flatMap((each): [string, string][] => {
          const [name = "", value = ""] = each.split(/: (.*)/);
          return /^(content-type|content-encoding)$/.test(name) ? [[name, value]] : [];
        }),
        body: new Uint8Array(bytes.subarray(head.length + 4)),
        signal: AbortSignal.timeout(60_000),
      });
      const answer = await response.text();
      if (response.status >= 500)
        wrong.push(`${what}: ${response.status} ${answer}\n${text.slice(0, 1_000)}`);
    }
    assert.deepEqual(wrong, [], `seed ${seed}`);
  });

  it("leaves, and is told that it is gone", async () => {
    await bot.done("leaveChat", group);
    await bot.refused(
      "sendMessage",
      { ...group, text: "a" },
      "Forbidden: bot was kicked from the group chat",
    );
  });

  it("all that are promised are there, all others 404", async () => {
    const promised = [
      ...named(firstWave),
      ...named(secondWave).filter((each) => each !== "promoteChatMember"),
    ];
    assert.deepEqual(
      promised.filter((name) => !bot.called.has(name)),
      [],
    );
    const known = new Set(
      [...promised, ...named(elsewhere), "promoteChatMember"].map((name) => name.toLowerCase()),
    );
    for (const name of types.methods.filter((each) => !known.has(each.toLowerCase()))) {
      const { error_code: code, description } = await bot.call(name);
      const isThere = code !== 404;
      if (!isThere) assert.equal(description, "Not Found: method not found", name);
      else assert.ok((code ?? 200) < 500, name);
    }
  });
});
