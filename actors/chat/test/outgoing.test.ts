import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AddressedCommand, TelegramState } from "@rookery/protocol";
import { chatActor, decide } from "../src/mod.ts";
import { nothingRecent } from "../src/recollection.ts";
import {
  ask,
  changes,
  chatId,
  done,
  edit,
  fromTelegram,
  nowMs,
  onward,
  refusal,
  remove,
  replay,
  rowsOf,
  say,
} from "./command.ts";

/** A Telegram chat of bot 9 and owner 1 in which Ivo has said message 1, and the owner message 2. */
const chat = replay(ask(7, fromTelegram("hi"), "tg-1"), ask(1, say("hello"), "m-1")).state;

const settle = (seq: number, telegram: TelegramState): AddressedCommand => ({
  ...ask(0, { kind: "settle", seq, telegram }, ""),
  source: "service",
});
const sent = onward(chat, settle(2, { state: "sent", messageId: 80 })).state;

const amend = (messageId: number, body: string, keyboard?: object): AddressedCommand => {
  const command = {
    kind: "amend",
    botId: 9,
    messageId,
    body,
    ...(keyboard === undefined ? {} : { keyboard }),
  };
  return { ...ask(9, command as never, `bot-9-5-0`), source: "bot" };
};

describe("a change of what was sent to Telegram", () => {
  test("follows it there, by Telegram's id, after all that went before", () => {
    const decision = onward(sent, ask(1, say("more"), "m-2"), ask(1, edit(2, "hallo"), "e-1"));
    assert.deepEqual(rowsOf(decision, "telegramSend"), [
      {
        id: `${chatId}/change/3`,
        action: "edit",
        botId: 9,
        telegramChatId: -100,
        chatId,
        seq: 2,
        messageId: 80,
        place: 3,
        prevPlace: 2,
        bulk: false,
        content: { kind: "text", body: "hallo" },
        createdMs: nowMs,
      },
    ]);
    assert.equal(decision.jobs?.[0]?.kind, "telegramSend");
    const deleted = onward(decision.state, ask(1, remove(2), "d-1"));
    assert.deepEqual(
      rowsOf(deleted, "telegramSend").map(({ action, messageId, place, prevPlace }) => [
        action,
        messageId,
        place,
        prevPlace,
      ]),
      [["delete", 80, 4, 3]],
    );
    // Deleted once more, it is so already.
    assert.deepEqual(rowsOf(onward(deleted.state, ask(1, remove(2), "d-2")), "telegramSend"), []);
  });

  test("waits for the id where the message is still on its way", () => {
    const [row] = rowsOf(onward(chat, ask(1, edit(2, "hallo"), "e-1")), "telegramSend");
    assert.deepEqual([row?.action, row?.seq, row?.messageId], ["edit", 2, null]);
  });

  test("is ours alone where the message did not get there, or has another id there since", () => {
    const failed = onward(chat, settle(2, { state: "failed", error: "403" })).state;
    const decision = onward(failed, ask(1, edit(2, "hallo"), "e-1"));
    assert.deepEqual([rowsOf(decision, "telegramSend"), changes(decision).length], [[], 1]);
    const moved = onward(sent, {
      ...ask(0, { kind: "moved", telegramChatId: -1_000 }, ""),
      source: "service",
    }).state;
    assert.deepEqual(rowsOf(onward(moved, ask(1, remove(2), "d-1")), "telegramSend"), []);
  });

  test("is refused where Telegram would not take it; what was written there is deleted there, and edited by nobody here", () => {
    const refused = (seq: number, body: string, userId = 1): string =>
      refusal(decide(sent, ask(userId, edit(seq, body), "e-1"), nowMs));
    assert.equal(refused(2, "x".repeat(4_097)), "invalid");
    assert.equal(refused(2, ""), "invalid");
    assert.equal(refused(1, "I never said that"), "forbidden");
    const [row] = rowsOf(onward(sent, ask(1, remove(1), "d-1")), "telegramSend");
    assert.deepEqual([row?.action, row?.messageId], ["delete", 77]);
  });

  test("keeps the buttons of the message", () => {
    const keyboard = { rows: [{ buttons: [{ text: "Yes", data: "y" }] }] };
    const asked = onward(sent, ask(1, { ...say("sure?"), keyboard }, "m-3")).state;
    const [row] = rowsOf(onward(asked, ask(1, edit(3, "really?"), "e-1")), "telegramSend");
    assert.deepEqual(row?.content.keyboard, keyboard);
  });

  test("a result that comes after the deletion changes nothing", () => {
    const deleted = onward(chat, ask(1, remove(2), "d-1")).state;
    const decision = done(decide(deleted, settle(2, { state: "sent", messageId: 80 }), nowMs));
    assert.deepEqual([changes(decision), rowsOf(decision, "message")], [[], []]);
  });
});

describe("a bot's own edit", () => {
  test("is one here as there, and its buttons are those it brings", () => {
    const keyboard = { rows: [{ buttons: [{ text: "No", data: "n" }] }] };
    const decision = onward(sent, amend(80, "taken", keyboard));
    assert.deepEqual(changes(decision), [
      { type: "MessageEdited", chatId, seq: 2, rev: 2, body: "taken", entities: [], editedAt: nowMs },
    ]);
    assert.deepEqual(rowsOf(decision, "message")[0]?.detail?.keyboard, keyboard);
    const [row] = rowsOf(decision, "telegramSend");
    assert.deepEqual([row?.messageId, row?.content], [80, { kind: "text", body: "taken", keyboard }]);
    const bare = onward(decision.state, amend(80, "done"));
    assert.equal(rowsOf(bare, "message")[0]?.detail?.keyboard, undefined);
    assert.deepEqual(rowsOf(bare, "outcome")[0]?.uuid, "bot-9-5-0");
  });

  test("goes to Telegram also where the message is none of ours yet, and comes from the bot alone", () => {
    const decision = onward(chat, amend(90, "taken"));
    const [row] = rowsOf(decision, "telegramSend");
    assert.deepEqual([row?.seq, row?.messageId, changes(decision)], [0, 90, []]);
    assert.equal(refusal(decide(chat, { ...amend(90, "x"), senderId: 1 }, nowMs)), "not_found");
  });

  test("the message is read by Telegram's id before it is decided", () => {
    const forgotten = { ...chat, recent: nothingRecent };
    assert.deepEqual(chatActor.memory?.missing(forgotten, amend(80, "x")), [-80]);
  });
});
