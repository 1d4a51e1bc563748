import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AddressedCommand, ChatCommand, TelegramChange, TelegramState } from "@rookery/protocol";
import { chatActor, type ChatState, decide } from "../src/mod.ts";
import { nothingRecent } from "../src/recollection.ts";
import {
  ask,
  changes,
  chatId,
  done,
  fromTelegram,
  messages,
  nowMs,
  onward,
  refusal,
  replay,
  rowsOf,
  say,
} from "./command.ts";

type Told = Extract<ChatCommand, { kind: "send" }>;

/** The same of another chat there, or of one with another name. */
function at(told: Told, other: { readonly telegramChatId?: number; readonly title?: string | null }): Told {
  assert.ok(told.telegram?.birth.telegram !== undefined);
  const { birth, ...rest } = told.telegram;
  const { title = birth.title, telegramChatId: chatId = -100 } = other;
  return { ...told, telegram: { ...rest, birth: { ...birth, title, telegram: { botId: 9, chatId } } } };
}

/** A Telegram chat of bot 9 and owner 1 in which Ivo has said message 1. */
const chat = replay(ask(7, fromTelegram("hi"), "tg-1")).state;
const attachment = { fileId: "f", kind: "photo" };
const poll = { question: "Tea?", options: ["yes", "no"] };

describe("a message into a Telegram chat", () => {
  test("is queued: it says so, and leaves with the commit that holds it, by the bot's job shard", () => {
    const decision = onward(chat, ask(1, { ...say("hello"), replyTo: 1 }, "m-1"));
    assert.deepEqual(messages(decision)[0]?.telegram, { state: "queued" });
    const job = {
      id: `${chatId}/2`,
      action: "send",
      botId: 9,
      telegramChatId: -100,
      chatId,
      seq: 2,
      messageId: null,
      place: 1,
      prevPlace: 0,
      bulk: false,
      content: { kind: "text", body: "hello", replyToMessageId: 77 },
      createdMs: nowMs,
    };
    assert.deepEqual(rowsOf(decision, "telegramSend"), [job]);
    assert.deepEqual(decision.jobs, [{ kind: "telegramSend", owner: { kind: "bot", id: 9 }, job }]);
  });

  test("names the one that left before it, also after a passivation", () => {
    const first = onward(chat, ask(1, say("a"), "m-1"));
    const [row] = rowsOf(first, "chat");
    const heard = onward(first.state, ask(7, fromTelegram("b"), "tg-2"));
    const second = onward({ ...heard.state, telegram: row?.telegram ?? null }, ask(1, say("c"), "m-2"));
    assert.deepEqual(
      rowsOf(second, "telegramSend").map(({ seq, place, prevPlace }) => [seq, place, prevPlace]),
      [[4, 2, 1]],
    );
  });

  test("what comes from Telegram does not go back there", () => {
    const decision = onward(chat, ask(7, fromTelegram("again"), "tg-2"));
    assert.deepEqual([rowsOf(decision, "telegramSend"), decision.jobs], [[], undefined]);
  });

  test("is refused when Telegram would not take it, and writes nothing", () => {
    const refused = (command: ChatCommand): string => refusal(decide(chat, ask(1, command, "m-1"), nowMs));
    for (const command of [
      say("x".repeat(4_097)),
      { ...say("x".repeat(1_025)), attachments: [attachment] },
      { ...say(""), attachments: [attachment, attachment] },
      say(""),
      { ...say("AAEC"), messageKind: "e2ee" },
      { ...say(""), messageKind: "poll", poll: { ...poll, question: "x".repeat(301) } },
      { ...say(""), messageKind: "poll", poll: { ...poll, options: ["a", "x".repeat(101)] } },
      { ...say(""), messageKind: "poll", poll: { ...poll, options: Array.from("abcdefghijklm") } },
    ]) {
      assert.equal(refused(command), "invalid");
    }
    assert.equal(refusal(decide(chat, ask(2, say("hello"), "m-1"), nowMs)), "not_found");
    done(decide(chat, ask(1, say("x".repeat(4_096)), "m-1"), nowMs));
    done(decide(chat, ask(1, { ...say(""), messageKind: "poll", poll }, "m-1"), nowMs));
  });

  test("what it answers is read before it is decided", () => {
    const forgotten = { ...chat, recent: nothingRecent };
    const missing = (command: ChatCommand): readonly number[] | undefined =>
      chatActor.memory?.missing(forgotten, ask(1, command, "m"));
    assert.deepEqual(missing({ ...say("a"), replyTo: 1 }), [1]);
    assert.deepEqual(missing(say("a")), []);
    assert.deepEqual(missing({ kind: "settle", seq: 1, telegram: { state: "sent" } }), [1]);
  });
});

describe("an update", () => {
  const raw = { update_id: 9, message: { text: "hi" } };
  const update = { botId: 9, updateId: 9, type: "message", raw, routed: false };
  const kept = { botId: 9, updateId: 9, type: "message", raw, chatId, state: "kept", createdMs: nowMs };
  const fromTelegramWith = (routed: boolean): ChatCommand => {
    const { telegram, ...rest } = fromTelegram("hi");
    assert.ok(telegram !== undefined);
    return { ...rest, telegram: { ...telegram, update: { ...update, routed } } };
  };

  test("is kept whole with the message it became", () => {
    const decision = onward(chat, ask(7, fromTelegramWith(false), "tg-9"));
    assert.deepEqual(rowsOf(decision, "telegramUpdate"), [{ ...kept, seq: 2 }]);
    assert.equal(decision.jobs, undefined);
  });

  test("is a job too where somebody answers the bot's people", () => {
    const decision = onward(chat, ask(7, fromTelegramWith(true), "tg-9"));
    const job = { ...kept, seq: 2, state: "pending" };
    assert.deepEqual(rowsOf(decision, "telegramUpdate"), [job]);
    assert.deepEqual(decision.jobs, [{ kind: "telegramUpdate", owner: { kind: "bot", id: 9 }, job }]);
  });

  test("that is no message is kept under its name, in a chat that may have to be born, from Telegram alone", () => {
    const { telegram } = fromTelegram("hi");
    assert.ok(telegram !== undefined);
    const command: ChatCommand = { kind: "update", update, birth: telegram.birth };
    const told = { ...ask(7, command, "tg-9"), source: "telegram" as const };
    const decision = done(decide(null, told, nowMs));
    assert.deepEqual(rowsOf(decision, "telegramUpdate"), [{ ...kept, seq: null }]);
    assert.deepEqual([messages(decision), decision.outcome], [[], { kind: "noted" }]);
    assert.equal(rowsOf(decision, "outcome")[0]?.uuid, "tg-9");
    assert.equal(refusal(decide(chat, ask(1, command, "tg-9"), nowMs)), "not_found");
  });
});

describe("what happens to messages at Telegram", () => {
  const { telegram } = fromTelegram("hi");
  assert.ok(telegram !== undefined);
  const { birth } = telegram;
  const apply = (change: TelegramChange, senderId = 7, state = chat) => {
    const update = { botId: 9, updateId: 50, type: "x", raw: {}, routed: false };
    const command = {
      ...ask(senderId, { kind: "update", update, birth, change }, "tg-50"),
      source: "telegram",
    };
    return done(decide(state, command as AddressedCommand, nowMs));
  };

  test("an edit there is one here, found by Telegram's id, and once", () => {
    const entities = [{ type: "bold", offset: 0, length: 2 }];
    const change = { kind: "edit", messageId: 77, body: "ho", entities } as const;
    const decision = apply(change);
    const frame = { type: "MessageEdited", chatId, seq: 1, rev: 1, body: "ho", entities, editedAt: nowMs };
    assert.deepEqual(changes(decision), [frame]);
    assert.deepEqual(rowsOf(decision, "telegramUpdate")[0]?.seq, 1);
    assert.deepEqual(changes(apply(change, 7, decision.state)), []);
    const unknown = apply({ ...change, messageId: 78 });
    assert.deepEqual([changes(unknown), rowsOf(unknown, "telegramUpdate").length], [[], 1]);
  });

  test("another file or place there is another here; a file's kind may change with it", () => {
    const file = (fileId: string, kind: string) => ({ fileId, kind });
    const { telegram: told, ...rest } = fromTelegram("look");
    assert.ok(told !== undefined);
    const shown = { ...rest, messageKind: "photo", attachments: [file("f1", "photo")], telegram: told };
    const state = replay(ask(7, shown, "tg-1")).state;
    const change = {
      kind: "edit",
      messageId: 77,
      body: "look",
      entities: [],
      messageKind: "video",
      attachments: [file("f2", "video")],
    } as const;
    const decision = apply(change, 7, state);
    const frame = {
      type: "MessageEdited",
      chatId,
      seq: 1,
      rev: 1,
      body: "look",
      entities: [],
      editedAt: nowMs,
    };
    assert.deepEqual(changes(decision), [{ ...frame, attachments: change.attachments, kind: "video" }]);
    const [row] = rowsOf(decision, "message");
    assert.deepEqual([row?.kind, row?.detail?.attachments], ["video", change.attachments]);
    assert.deepEqual(changes(apply(change, 7, decision.state)), []);

    const here = { latitude: 1, longitude: 2 };
    const there = { latitude: 1, longitude: 3 };
    const placed = replay(
      ask(7, { ...shown, attachments: [], messageKind: "location", location: here }, "tg-1"),
    );
    const moves = { kind: "edit", messageId: 77, body: "look", entities: [], location: there } as const;
    assert.deepEqual(changes(apply(moves, 7, placed.state)), [{ ...frame, location: there }]);
  });

  test("votes there are votes here, found by the poll's place, until it is closed", () => {
    const asked = onward(chat, ask(1, { ...say(""), messageKind: "poll", poll }, "m-1")).state;
    const voting = (options: readonly number[], state = asked, senderId = 7) =>
      apply({ kind: "vote", seq: 2, options }, senderId, state);
    const first = voting([1]);
    assert.deepEqual(changes(first), [{ type: "Voted", chatId, seq: 2, rev: 1, userId: 7, options: [1] }]);
    assert.deepEqual(changes(voting([1], first.state)), []);
    const taken = voting([], voting([0], first.state, 8).state);
    assert.deepEqual(rowsOf(taken, "message")[0]?.detail?.poll?.options, [
      { text: "yes", userIds: [8] },
      { text: "no", userIds: [] },
    ]);
    const closed = apply({ kind: "pollClosed", seq: 2 }, 9, taken.state);
    assert.deepEqual(changes(closed), [{ type: "PollClosed", chatId, seq: 2, rev: 4 }]);
    assert.deepEqual(changes(voting([1], closed.state)), []);
    assert.deepEqual(changes(apply({ kind: "vote", seq: 1, options: [0] })), []);
  });

  test("reactions of a person become those that Telegram tells", () => {
    const react = (emojis: readonly string[], senderId: number, state = chat) =>
      apply({ kind: "react", messageId: 77, emojis }, senderId, state);
    const told = (decision: ReturnType<typeof react>) =>
      changes(decision).map((frame) =>
        frame.type === "Reaction" ? [frame.userId, frame.emoji, frame.remove] : [],
      );
    const first = react(["👍", "🔥"], 7);
    assert.deepEqual(told(first), [
      [7, "👍", false],
      [7, "🔥", false],
    ]);
    const second = react(["👍"], 8, first.state);
    const third = react(["🔥"], 7, second.state);
    assert.deepEqual(told(third), [[7, "👍", true]]);
    assert.deepEqual(rowsOf(third, "message").at(-1)?.detail?.reactions, { "👍": [8], "🔥": [7] });
    assert.deepEqual(
      rowsOf(react([], 8, react([], 7, third.state).state), "message").at(-1)?.detail?.reactions,
      undefined,
    );
    assert.deepEqual(told(react(["🔥"], 7, third.state)), []);
  });

  test("an answer there is one here, also to what was sent from here", () => {
    const answer = (replyToMessageId: number) => {
      const { telegram: told, ...rest } = fromTelegram("yes");
      assert.ok(told !== undefined);
      const decision = onward(chat, ask(7, { ...rest, telegram: { ...told, replyToMessageId } }, "tg-3"));
      return messages(decision)[0]?.replyTo;
    };
    assert.deepEqual([answer(77), answer(78)], [1, null]);
  });

  test("the chat goes on under the id that the group has as a supergroup", () => {
    const { telegram: told, ...rest } = fromTelegram("moved");
    assert.ok(told !== undefined);
    const moving = onward(
      chat,
      ask(7, { ...rest, telegram: { ...told, movedTo: -1_000 } }, "tg-4"),
      ask(1, say("a"), "m"),
    );
    assert.deepEqual(
      rowsOf(moving, "telegramSend").map((row) => row.telegramChatId),
      [-1_000],
    );
    const word = { ...ask(0, { kind: "moved", telegramChatId: -2_000 }, ""), source: "service" } as const;
    assert.equal(done(decide(chat, word, nowMs)).state.telegram?.chatId, -2_000);
    assert.equal(refusal(decide(chat, { ...word, source: "ws" }, nowMs)), "not_found");
  });

  test("what the bot is there is noted", () => {
    const decision = apply({ kind: "membership", status: "kicked" });
    assert.deepEqual([rowsOf(decision, "chat")[0]?.telegram?.status, changes(decision)], ["kicked", []]);
  });

  test("while the bot is not there, what is sent has failed at once, in Telegram's words, until it is back", () => {
    const inPrivate = replay(ask(7, at(fromTelegram("hi"), { telegramChatId: 100 }), "tg-1")).state;
    const sent = (state: ChatState) => {
      const decision = onward(state, ask(1, say("hello?"), "m-1"));
      return [
        messages(decision)[0]?.telegram,
        rowsOf(decision, "telegramSend").length,
        decision.jobs?.length,
      ];
    };
    const failed = (reason: string) => [{ state: "failed", error: `Forbidden: ${reason}` }, 0, undefined];
    const arrives = [{ state: "queued" }, 1, 1];
    const blocked = apply({ kind: "membership", status: "kicked" }, 7, inPrivate).state;
    assert.deepEqual(sent(blocked), failed("bot was blocked by the user"));
    assert.deepEqual(sent(apply({ kind: "membership", status: "member" }, 7, blocked).state), arrives);
    const kicked = apply({ kind: "membership", status: "kicked" }).state;
    assert.deepEqual(sent(kicked), failed("bot was kicked from the chat"));
    const gone = apply({ kind: "membership", status: "left" }).state;
    assert.deepEqual(sent(gone), failed("bot is not a member of the chat"));
    // Who writes has unblocked it, also where word of that was lost; a group may tell the bot of its own end last.
    const writes = (state: ChatState, telegramChatId: number) =>
      onward(state, ask(7, at(fromTelegram("back"), { telegramChatId }), "tg-9")).state;
    assert.deepEqual(sent(writes(blocked, 100)), arrives);
    assert.deepEqual(sent(writes(kicked, -100)), failed("bot was kicked from the chat"));
  });

  test("the chat has the title that the group or the person has, told once", () => {
    const named = (title: string | null, state = chat) =>
      onward(state, ask(7, at(fromTelegram("hi"), { title }), `tg-${title}`));
    const renamed = named("Ivo Andrić");
    const told = { id: chatId, type: "telegram", title: "Ivo Andrić", headSeq: 1, rev: 1, createdAt: nowMs };
    assert.deepEqual(changes(renamed), [{ type: "ChatUpdated", chatId, rev: 1, chat: told }]);
    assert.equal(rowsOf(renamed, "chat")[0]?.title, "Ivo Andrić");
    assert.deepEqual(changes(named("Ivo Andrić", renamed.state)), []);
    assert.deepEqual(changes(named(null, renamed.state)), []);
    const reaction = { kind: "react", messageId: 77, emojis: [] } as const;
    assert.deepEqual(changes(apply(reaction, 7, renamed.state)), [
      { type: "ChatUpdated", chatId, rev: 2, chat: { ...told, title: "Ivo", headSeq: 2, rev: 2 } },
    ]);
  });

  test("messages that are not at hand are asked for by Telegram's id", () => {
    const forgotten = { ...chat, recent: nothingRecent };
    const update = { botId: 9, updateId: 50, type: "x", raw: {}, routed: false };
    const command: ChatCommand = {
      kind: "update",
      update,
      birth,
      change: { kind: "react", messageId: 77, emojis: [] },
    };
    assert.deepEqual(chatActor.memory?.missing(forgotten, ask(7, command)), [-77]);
    const vote: ChatCommand = { kind: "update", update, change: { kind: "vote", seq: 1, options: [] } };
    assert.deepEqual(chatActor.memory?.missing(forgotten, ask(7, vote)), [1]);
    assert.deepEqual(chatActor.memory?.missing(chat, ask(7, command)), []);
  });
});

describe("word of what became of it", () => {
  const queued = onward(chat, ask(1, say("hello"), "m-1")).state;
  const word = (telegram: TelegramState, seq = 2) => ({
    ...ask(0, { kind: "settle", seq, telegram }, "telegram:5/2/sent"),
    source: "service" as const,
  });

  test("stands in the message from then on, and everybody is told", () => {
    const telegram = { state: "sent", messageId: 88 } as const;
    const decision = done(decide(queued, word(telegram), nowMs));
    assert.deepEqual(changes(decision), [{ type: "MessageSettled", chatId, seq: 2, rev: 1, telegram }]);
    assert.deepEqual(rowsOf(decision, "message")[0]?.detail?.telegram, telegram);
    const again = done(decide(decision.state, word(telegram), nowMs));
    assert.deepEqual([changes(again), rowsOf(again, "message")], [[], []]);
  });

  test("is taken from the courier alone, and of messages that are there", () => {
    const telegram = { state: "failed", error: "Forbidden: bot was blocked by the user" } as const;
    const forged = { ...word(telegram), source: "ws" as const };
    assert.equal(refusal(decide(queued, forged, nowMs)), "not_found");
    assert.equal(refusal(decide(queued, word(telegram, 9), nowMs)), "not_found");
    assert.equal(refusal(decide(null, word(telegram), nowMs)), "not_found");
  });
});

describe("what a bot says itself", () => {
  test("is taken in its own chats, though it is no member, and goes out with its keyboard", () => {
    const keyboard = { rows: [{ buttons: [{ text: "Yes", data: "y" }] }] };
    const decision = onward(chat, ask(9, { ...say("well?"), botId: 9, keyboard }, "bot-9-1-0"));
    const [message] = messages(decision);
    assert.deepEqual([message?.senderId, message?.keyboard], [9, keyboard]);
    assert.deepEqual(rowsOf(decision, "telegramSend")[0]?.content.keyboard, keyboard);
  });

  test("another bot's is not", () => {
    assert.equal(refusal(decide(chat, ask(8, say("me too"), "bot-8-1-0"), nowMs)), "not_found");
  });
});
