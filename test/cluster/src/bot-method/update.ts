/** What a bot is told, and asked in inline mode. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { TelegramUpdate } from "@gramio/types/objects";
import { readHistory } from "../rest.ts";
import { openSocket, type Socket } from "../socket.ts";
import { dot, type MethodStage } from "./method-stage.ts";

export function botsAreTold(stage: () => MethodStage): void {
  it("updates are as Telegram documents them", async () => {
    const { socket, talk, bot, chat_id, hear } = stage();
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
    const wanted = [
      "message",
      "edited_message",
      "callback_query",
      "my_chat_member",
      "message_reaction",
      "poll_answer",
      "chat_member",
      "chat_join_request",
    ] as const;
    for (const kind of wanted) await hear(kind);
  });

  it("offers what somebody asks for in inline mode, wherever they are", async () => {
    const { chat_id, cluster, ada, bob, socket, talk, bot, groupId, hear } = stage();
    const about = { type: "InlineQuery", bot: "methods_bot", query: "tea" };
    const offered = async (asking: Socket, uuid: string) =>
      await asking.frame("InlineResults", (frame) => frame.uuid === uuid, { withinMs: 60_000 });
    const input_message_content = { message_text: "*some* tea", parse_mode: "Markdown" };
    const article = { type: "article", id: "a", title: "Words", input_message_content };
    const many = Array.from({ length: 51 }, (_, id) => ({ ...article, id: `${id}` }));
    for (const [results, words] of [
      [
        [{ type: "gift", id: "a" }],
        `can't parse inline query result: type "gift" is unsupported for the inline query result`,
      ],
      [[{ ...article, id: "" }], "RESULT_ID_EMPTY"],
      [[{ ...article, title: "" }], "ARTICLE_TITLE_EMPTY"],
      [[article, article], "RESULT_ID_DUPLICATE"],
      [many, "too many inline query results specified"],
    ] as const) {
      await bot.refused("answerInlineQuery", { inline_query_id: "1", results }, `Bad Request: ${words}`);
    }
    const reply_markup = { inline_keyboard: [[{ text: "A", callback_data: "a" }]] };
    const picture = await bot.done("sendPhoto", { chat_id, photo: dot });
    const results = [
      { ...article, reply_markup },
      { type: "photo", id: "b", photo_file_id: picture.photo?.[0]?.file_id, caption: "a dot" },
      { type: "venue", id: "c", latitude: 1, longitude: 2, title: "Home", address: "Street" },
    ];
    let uuid = "";
    let inline_query_id = "";
    const asked = new Set<string>();
    // A bot has 10 s; on a machine that has no time for it, it is asked again.
    for (let tries = 0, isAnswered = false; tries < 5 && !isAnswered; tries++) {
      uuid = `ask-${tries}`;
      socket.send({ ...about, uuid });
      const isNew = ({ inline_query: each }: TelegramUpdate) => each !== undefined && !asked.has(each.id);
      const { inline_query: query } = await hear("inline_query", isNew);
      assert.deepEqual([query?.query, query?.offset, query?.from.id], ["tea", "", ada.userId]);
      inline_query_id = query?.id ?? "";
      asked.add(inline_query_id);
      const said = { inline_query_id, results, next_offset: "more" };
      isAnswered = (await bot.call("answerInlineQuery", said)).ok;
    }
    const { queryId, results: shown, nextOffset } = await offered(socket, uuid);
    const told = shown.map(({ id, title }) => `${id} ${title}`);
    assert.deepEqual([told, nextOffset], [["a Words", "b undefined", "c Home"], "more"]);
    const tooOld = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    await bot.refused("answerInlineQuery", { inline_query_id, results: [] }, tooOld);

    const choose = async (resultId: string) => {
      const uuid = `choose-${resultId}`;
      socket.send({ type: "ChooseInline", uuid, chatId: groupId, queryId, resultId });
      const { seq } = await socket.frame("Ack", (frame) => frame.uuid === uuid);
      const { chosen_inline_result: chosen } = await hear(
        "chosen_inline_result",
        (update) => update.chosen_inline_result?.result_id === resultId,
      );
      return { seq, chosen };
    };
    const { seq, chosen } = await choose("a");
    assert.deepEqual([chosen?.query, chosen?.from.id], ["tea", ada.userId]);
    const venue = await choose("c");
    assert.equal(venue.chosen?.inline_message_id, undefined);
    const { items } = await readHistory(cluster.base, ada, groupId);
    const message = items.find((each) => each.seq === seq);
    assert.deepEqual(
      [message?.body, message?.viaBotId, message?.senderId],
      ["some tea", talk.botId, ada.userId],
    );
    const photo = await choose("b");
    const { items: more } = await readHistory(cluster.base, ada, groupId, photo.seq - 1);
    assert.deepEqual([more[0]?.kind, more[0]?.attachments.length], ["photo", 1]);
    const inline_message_id = chosen?.inline_message_id;
    const change = { inline_message_id, text: "coffee", reply_markup };
    assert.equal(await bot.done<boolean>("editMessageText", change), true);
    await socket.frame("MessageEdited", (frame) => frame.seq === seq && frame.body === "coffee");
    socket.send({ type: "Callback", uuid: "inline-press", chatId: groupId, seq, data: "a" });
    const isInline = ({ callback_query: each }: TelegramUpdate) => each?.inline_message_id !== undefined;
    const { callback_query: pressed } = await hear("callback_query", isInline);
    assert.equal(pressed?.inline_message_id, inline_message_id);
    const wrong = { inline_message_id: "I1_1", text: "a" };
    await bot.refused("editMessageText", wrong, "Bad Request: MESSAGE_ID_INVALID");

    // Whoever asks the same meanwhile is answered the same, and the bot is not asked.
    const other = await openSocket({ base: cluster.base, token: bob.token });
    other.send({ ...about, uuid: "again" });
    assert.equal((await offered(other, "again")).queryId, queryId);
    await other.close();
    socket.send({ ...about, uuid: "nobody", bot: "nobody_bot" });
    const refused = await socket.frame("Error", (frame) => frame.uuid === "nobody");
    assert.equal(refused.code, "not_found");
  });
}
