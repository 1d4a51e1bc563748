/** What bots of our own are shown, in Telegram's shape. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BotChat, BotNews, BotUpdate, Message } from "@rookery/protocol";
import { type NativePeople, nativeUpdate, peopleOfUpdate } from "../src/mod.ts";

const people: NativePeople = new Map([
  [1, { id: 1, isBot: false, displayName: "Ann", username: "ann", language: "de" }],
  [9, { id: 9, isBot: true, displayName: "Tea", username: "tea_bot", language: null }],
]);
const ann = { id: 1, is_bot: false, first_name: "Ann", username: "ann", language_code: "de" };
const tea = { id: 9, is_bot: true, first_name: "Tea", username: "tea_bot" };
const direct: BotChat = { id: 5, type: "direct", title: null, peerId: 1 };
const group: BotChat = { id: 6, type: "group", title: "Tea" };
const atMs = 1_700_000_000_999;

function message(change: Partial<Message> = {}): Message {
  return {
    chatId: 5,
    seq: 3,
    rev: 1,
    senderId: 1,
    uuid: "u",
    kind: "text",
    body: "hello",
    entities: [],
    replyTo: null,
    forward: null,
    attachments: [],
    reactions: {},
    pinned: false,
    editedAt: null,
    deletedAt: null,
    ts: atMs,
    source: "ws",
    ...change,
  };
}

function told(type: BotUpdate["type"], news: BotNews, chat = direct): unknown {
  const payload = { chat, atMs, news };
  const shown = new Map([...people].filter(([id]) => peopleOfUpdate({ payload }).includes(id)));
  return nativeUpdate({ updateId: 7, type, payload }, shown);
}

const privately = { id: 1, type: "private", first_name: "Ann", username: "ann" };

test("a private chat has the id of the other side, a group that of the chat below zero", () => {
  assert.deepEqual(told("message", { kind: "message", message: message() }), {
    update_id: 7,
    message: { message_id: 3, from: ann, chat: privately, date: 1_700_000_000, text: "hello" },
  });
  const reply = message({ seq: 2, senderId: 9, body: "which?" });
  const said = { kind: "message", message: message({ editedAt: atMs + 1_000 }), reply } as const;
  const chat = { id: -6, type: "group", title: "Tea" };
  const date = 1_700_000_000;
  assert.deepEqual(told("edited_message", said, group), {
    update_id: 7,
    edited_message: {
      message_id: 3,
      from: ann,
      chat,
      date,
      edit_date: date + 1,
      reply_to_message: { message_id: 2, from: tea, chat, date, text: "which?" },
      text: "hello",
    },
  });
});

test("a press carries the message with its buttons, and an id that is a text", () => {
  const keyboard = {
    rows: [
      {
        buttons: [
          { text: "Yes", data: "yes" },
          { text: "Site", url: "https://a.example" },
        ],
      },
    ],
  };
  const pressed = message({ senderId: 9, keyboard });
  const update = told("callback_query", {
    kind: "callback",
    queryId: 77,
    userId: 1,
    message: pressed,
    data: "yes",
  });
  assert.deepEqual(update, {
    update_id: 7,
    callback_query: {
      id: "77",
      from: ann,
      message: {
        message_id: 3,
        from: tea,
        chat: privately,
        date: 1_700_000_000,
        text: "hello",
        reply_markup: {
          inline_keyboard: [
            [
              { text: "Yes", callback_data: "yes" },
              { text: "Site", url: "https://a.example" },
            ],
          ],
        },
      },
      chat_instance: "5",
      data: "yes",
    },
  });
});

test("a channel speaks itself; a file has its text as caption; who is gone has no name", () => {
  const channel: BotChat = { id: 8, type: "channel", title: "News" };
  const file = message({
    senderId: 4,
    kind: "document",
    attachments: [{ fileId: "f1", kind: "document", name: "a.pdf", size: 3, mime: "application/pdf" }],
    entities: [{ type: "bold", offset: 0, length: 5 }],
  });
  const shown = { id: -8, type: "channel", title: "News" };
  assert.deepEqual(told("channel_post", { kind: "message", message: file }, channel), {
    update_id: 7,
    channel_post: {
      message_id: 3,
      sender_chat: shown,
      chat: shown,
      date: 1_700_000_000,
      document: {
        file_id: "f1",
        file_unique_id: "f1",
        file_size: 3,
        file_name: "a.pdf",
        mime_type: "application/pdf",
      },
      caption: "hello",
      caption_entities: [{ type: "bold", offset: 0, length: 5 }],
    },
  });
  const gone = told("message", { kind: "message", message: message({ senderId: 4 }) }, group) as {
    message: { from: unknown };
  };
  assert.deepEqual(gone.message.from, { id: 4, is_bot: false, first_name: "Deleted account" });
});

test("membership, reactions and votes", () => {
  const chat = { id: -6, type: "group", title: "Tea" };
  const date = 1_700_000_000;
  const member = { kind: "member", byId: 1, userId: 9, before: "left", after: "member" } as const;
  assert.deepEqual(told("my_chat_member", member, group), {
    update_id: 7,
    my_chat_member: {
      chat,
      from: ann,
      date,
      old_chat_member: { status: "left", user: tea },
      new_chat_member: { status: "member", user: tea },
    },
  });
  const reaction = { kind: "reaction", userId: 1, seq: 3, before: [], after: ["👍"] } as const;
  assert.deepEqual(told("message_reaction", reaction, group), {
    update_id: 7,
    message_reaction: {
      chat,
      message_id: 3,
      user: ann,
      date,
      old_reaction: [],
      new_reaction: [{ type: "emoji", emoji: "👍" }],
    },
  });
  const answer = { kind: "pollAnswer", userId: 1, seq: 3, options: [1] } as const;
  const poll = {
    question: "Tea?",
    options: [
      { text: "green", userIds: [] },
      { text: "black", userIds: [1] },
    ],
    multiple: false,
  };
  const asked = { kind: "poll", message: message({ kind: "poll", poll }) } as const;
  const answered = told("poll_answer", answer, group) as { poll_answer: { poll_id: string } };
  const state = told("poll", asked, group) as { poll: { id: string; total_voter_count: number } };
  assert.equal(answered.poll_answer.poll_id, state.poll.id);
  assert.equal(state.poll.total_voter_count, 1);
});
