/** Messages of every kind: sent, changed, and what is only for a while. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { TelegramFile, TelegramMessage, TelegramMessageId, TelegramPoll } from "@gramio/types/objects";
import { readHistory } from "../rest.ts";
import { dot, type MethodStage, words } from "./method-stage.ts";
import { topics } from "./method-name.ts";

export function botsSendMessages(stage: () => MethodStage): void {
  it("sends of every kind: each is one message", async () => {
    const { cluster, ada, talk, bot, token, chat_id, group } = stage();
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
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), words.bytes);
    assert.match(file.file_path ?? "", /^documents\/[\w-]+\.txt$/);
    // Each call was made twice.
    const { items } = await readHistory(cluster.base, ada, talk.chatId);
    assert.equal(items.length - before, 4 + 6 + 2 + 5 + 1);
  });

  it("changes of what was sent", async () => {
    const { socket, talk, bot, groupId, chat_id, group } = stage();
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
    const { seq } = await socket.say(talk.chatId, "hers", "said by Ada");
    await bot.done("deleteMessage", { chat_id, message_id: seq });
    await socket.frame("MessageDeleted", (frame) => frame.seq === seq);
  });

  it("keyboards of every kind, and captions and answers as Telegram takes them", async () => {
    const { cluster, ada, bot, groupId, chat_id, group } = stage();
    const under = async (inline_keyboard: readonly object[][]) => {
      const sent = await bot.done("sendMessage", {
        chat_id,
        text: "under",
        reply_markup: { inline_keyboard },
      });
      const { reply_markup: markup } = sent;
      assert.ok(markup !== undefined && "inline_keyboard" in markup);
      return { at: sent.message_id, shown: markup.inline_keyboard };
    };
    const buttons = [
      [
        { text: "A", callback_data: "a" },
        { text: "B", url: "https://example.org/" },
      ],
      [{ text: "C", copy_text: { text: "words" } }],
      [
        { text: "D", switch_inline_query: "" },
        { text: "E", switch_inline_query_current_chat: "tea" },
      ],
    ];
    const { at, shown } = await under(buttons);
    assert.deepEqual(shown, buttons);
    const url = "https://example.org/page";
    const pages = await under([
      [
        { text: "A", web_app: { url } },
        { text: "B", login_url: { url } },
        { text: "C", url: "t.me/rook" },
      ],
    ]);
    assert.deepEqual(
      pages.shown[0]?.map((button) => button.url),
      [url, url, "http://t.me/rook"],
    );
    const rows = Array.from({ length: 101 }, (_, number) => [
      { text: `${number}`, callback_data: `${number}` },
    ]);
    assert.equal((await under(rows.slice(1))).shown.length, 100);
    const refuse = async (method: string, values: object, told: string) =>
      await bot.refused(method, { chat_id, ...values }, `Bad Request: ${told}`);
    const markup = (inline_keyboard: readonly object[][]) => ({
      text: "a",
      reply_markup: { inline_keyboard },
    });
    await refuse("sendMessage", markup(rows), "reply markup is too long");
    for (const wrong of ["javascript:alert(1)", "no page", "rook"]) {
      await refuse("sendMessage", markup([[{ text: "A", url: wrong }]]), "BUTTON_URL_INVALID");
    }

    const item = { type: "photo", media: "attach://dot", caption: "a".repeat(1_025) };
    await refuse("sendMediaGroup", { media: [item, item], dot }, "message caption is too long");
    const { message_id } = await bot.done("sendPhoto", { chat_id, photo: dot });
    await refuse("editMessageMedia", { message_id, media: item, dot }, "message caption is too long");

    const copied = { from_chat_id: chat_id, message_id: at, caption: "none of a text's" };
    const copy = await bot.done<TelegramMessageId>("copyMessage", { ...group, ...copied });
    const { items } = await readHistory(cluster.base, ada, groupId, copy.message_id - 1);
    assert.equal(items[0]?.body, "under");

    const reply_parameters = { message_id: at, chat_id: -groupId };
    await refuse("sendMessage", { text: "a", reply_parameters }, "message to be replied not found");
    const here = { ...reply_parameters, chat_id };
    const reply = await bot.done("sendMessage", { chat_id, text: "a", reply_parameters: here });
    assert.equal(reply.reply_to_message?.message_id, at);
  });

  it("what is only for a while: live places, drafts, reactions; and what is nowhere here", async () => {
    const { cluster, ada, socket, talk, bot, groupId, chat_id, group } = stage();
    const place = { latitude: 41.3, longitude: 69.2 };
    const sent = await bot.done("sendLocation", { chat_id, ...place, live_period: 600, heading: 90 });
    assert.deepEqual([sent.location?.live_period, sent.location?.heading], [600, 90]);
    const at = { chat_id, message_id: sent.message_id };
    const moved = await bot.done("editMessageLiveLocation", { ...at, ...place, latitude: 41.4 });
    assert.deepEqual([moved.location?.latitude, moved.location?.live_period], [41.4, 600]);
    const stopped = await bot.done("stopMessageLiveLocation", at);
    assert.equal(stopped.location?.live_period, undefined);
    const over = "Bad Request: message can't be edited";
    await bot.refused("editMessageLiveLocation", { ...at, ...place }, over);
    const still = await bot.done("sendLocation", { chat_id, ...place });
    const none = "Bad Request: there is no live location in the message to edit";
    await bot.refused("editMessageLiveLocation", { ...at, message_id: still.message_id, ...place }, none);

    await bot.done("sendMessageDraft", { chat_id, draft_id: 7, text: "*so* far", parse_mode: "Markdown" });
    const draft = await socket.frame("Draft");
    const { chatId, userId, draftId, body } = draft;
    assert.deepEqual([chatId, userId, draftId, body], [talk.chatId, talk.botId, 7, "so far"]);

    const { message_id: seq } = await bot.done("sendMessage", { ...group, text: "react" });
    const react = async (uuid: string, emoji: string) => {
      socket.send({ type: "React", uuid, chatId: groupId, seq, emoji });
      await socket.frame("Ack", (frame) => frame.uuid === uuid);
    };
    const reactions = async () => {
      const { items } = await readHistory(cluster.base, ada, groupId, seq - 1);
      return items.find((each) => each.seq === seq)?.reactions;
    };
    await react("one", "👍");
    await react("two", "🎉");
    const hers = { ...group, user_id: ada.userId };
    await bot.done("deleteMessageReaction", { ...hers, message_id: seq });
    assert.deepEqual(await reactions(), {});
    await react("three", "👍");
    await bot.done("deleteAllMessageReactions", hers);
    assert.deepEqual(await reactions(), {});

    for (const name of topics) {
      await bot.refused(
        name,
        { ...group, name: "a", message_thread_id: 1 },
        "Bad Request: the chat is not a forum",
      );
    }
    assert.deepEqual(await bot.done<unknown[]>("getForumTopicIconStickers"), []);
    await bot.refused("sendInvoice", group, "Bad Request: PAYMENT_PROVIDER_INVALID");
    const mixed = [
      { type: "document", media: "attach://one" },
      { type: "photo", media: "attach://two" },
    ];
    const refusal = "Bad Request: documents can't be mixed with other media types";
    await bot.refused("sendMediaGroup", { chat_id, media: mixed, one: words, two: dot }, refusal);
  });
}
