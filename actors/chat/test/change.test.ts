import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { limits, type Message } from "@rookery/protocol";
import { toMessage } from "@rookery/store";
import { type ChatState, decide } from "../src/mod.ts";
import { nothingKnown } from "../src/facts.ts";
import { keepRecent, recentMessage } from "../src/recollection.ts";
import {
  ask,
  born,
  changes,
  chatId,
  type Done,
  done,
  edit,
  fromTelegram,
  messages,
  nowMs,
  onward,
  pin,
  react,
  refusal,
  remove,
  replay,
  rowsOf,
  say,
  vote,
  withRole,
} from "./command.ts";

const laterMs = nowMs + 1_000;
/** A group of 1, 2 and 3 in which 2 has said message 2. */
const group = onward(born("group", [1, 2, 3]), ask(2, say("hi"), "m-1")).state;

const later = (state: ChatState, senderId: number, command: Parameters<typeof ask>[1], uuid = "c-1"): Done =>
  done(decide(state, ask(senderId, command, uuid), laterMs));

const refusedTo = (state: ChatState | null, senderId: number, command: Parameters<typeof ask>[1]): string =>
  refusal(decide(state, ask(senderId, command, "c-1"), laterMs));

function written(decision: Done): Message {
  const [row] = rowsOf(decision, "message");
  assert.ok(row !== undefined);
  return toMessage(row);
}

/** Nothing told, nothing but the outcome kept. */
function isSoAlready(decision: Done, rev: number): void {
  assert.deepEqual([decision.events, decision.relays, rowsOf(decision, "message")], [[], [], []]);
  assert.equal(decision.outcome.kind === "changed" && decision.outcome.rev, rev);
  assert.equal(rowsOf(decision, "outcome").length, 1);
}

describe("edit", () => {
  test("[L4] one's own message is written anew, under the next rev, and says when", () => {
    const entities = [{ type: "bold", offset: 0, length: 2 }];
    const decision = later(group, 2, { kind: "edit", seq: 2, body: "ho", entities });
    assert.deepEqual(decision.outcome, { kind: "changed", seq: 2, rev: 1, ts: laterMs });
    const frame = { type: "MessageEdited", chatId, seq: 2, rev: 1, body: "ho", entities, editedAt: laterMs };
    assert.deepEqual(changes(decision), [frame]);
    const { body, rev, editedAt, ts, uuid, ...message } = written(decision);
    assert.deepEqual([body, rev, editedAt, ts, uuid], ["ho", 1, laterMs, nowMs, "m-1"]);
    assert.deepEqual(message.entities, entities);
    assert.equal(decision.state.headSeq, 2);
  });

  test("entities stand for the body they came with: without them there are none", () => {
    const entities = [{ type: "bold", offset: 0, length: 2 }];
    const { state } = later(group, 2, { ...say("hi"), entities, replyTo: 2 });
    const message = written(later(state, 2, edit(3, "ho"), "c-2"));
    assert.deepEqual([message.entities, message.replyTo], [[], 2]);
  });

  test("others' messages, the chat's own and polls stay as they are", () => {
    assert.equal(refusedTo(group, 1, edit(2, "ho")), "forbidden");
    assert.equal(refusedTo(group, 1, edit(1, "ho")), "forbidden");
    const poll = { question: "tea?", options: ["yes", "no"] };
    const { state } = later(group, 2, { ...say(""), messageKind: "poll", poll });
    assert.equal(refusedTo(state, 2, edit(3, "ho")), "forbidden");
  });

  test("who may not write there may not edit either; to a stranger the chat does not exist", () => {
    assert.equal(refusedTo(withRole(group, 2, "reader"), 2, edit(2, "ho")), "forbidden");
    assert.equal(refusedTo(group, 9, edit(2, "ho")), "not_found");
    assert.equal(refusedTo(null, 2, edit(2, "ho")), "not_found");
  });

  test("what is not there, or not any more, is not found", () => {
    assert.equal(refusedTo(group, 2, edit(3, "ho")), "not_found");
    assert.equal(refusedTo(later(group, 2, remove(2)).state, 2, edit(2, "ho")), "not_found");
  });

  test("[L3] a message remembers the rev it was sent at, for the repeat of its sending", () => {
    const once = later(group, 2, edit(2, "ho"));
    const twice = later(once.state, 2, edit(2, "he"), "c-2");
    for (const decision of [once, twice]) assert.equal(rowsOf(decision, "message")[0]?.detail?.sentRev, 0);
    assert.equal("sentRev" in written(twice), false);
  });
});

describe("delete", () => {
  test("leaves a tombstone: nothing of the content, the place and the sender", () => {
    const entities = [{ type: "bold", offset: 0, length: 2 }];
    const attachments = [{ fileId: "f", kind: "photo" }];
    const { state } = onward(
      group,
      ask(2, { ...say("hi"), entities, attachments, replyTo: 2 }, "m-2"),
      ask(3, react(3, "👍"), "c-1"),
      ask(1, pin(3), "c-2"),
    );
    const decision = later(state, 2, remove(3), "c-3");
    assert.deepEqual(changes(decision), [{ type: "MessageDeleted", chatId, seq: 3, rev: 3 }]);
    const message = written(decision);
    assert.deepEqual(message, {
      ...message,
      seq: 3,
      senderId: 2,
      uuid: "m-2",
      body: "",
      entities: [],
      attachments: [],
      replyTo: null,
      reactions: {},
      pinned: false,
      deletedAt: laterMs,
      ts: nowMs,
    });
  });

  test("is for the sender, the owner and admins; what the chat says itself stays", () => {
    later(group, 1, remove(2));
    later(withRole(group, 3, "admin"), 3, remove(2));
    later(withRole(group, 2, "reader"), 2, remove(2));
    assert.equal(refusedTo(group, 3, remove(2)), "forbidden");
    assert.equal(refusedTo(group, 1, remove(1)), "forbidden");
    assert.equal(refusedTo(group, 9, remove(2)), "not_found");
    assert.equal(refusedTo(group, 1, remove(9)), "not_found");
    const telegram = replay(ask(20, fromTelegram("hi"))).state;
    later(telegram, 1, remove(1));
    assert.equal(refusedTo(telegram, 8, remove(1)), "not_found");
  });

  test("is for a bot of ours, in the private chat with a person, of what they wrote too", () => {
    const direct = onward(born("direct", [1, 9]), ask(1, say("hi"), "m-1")).state;
    const bot = { id: 9, username: "tea_bot", privacyMode: true, allowedUpdates: null };
    const facts = { ...nothingKnown, nativeBots: new Map([[9, bot]]) };
    const asked = ask(9, remove(1), "c-1");
    assert.equal(refusal(decide(direct, asked, laterMs)), "forbidden");
    assert.deepEqual(changes(done(decide(direct, asked, laterMs, facts))), [
      { type: "MessageDeleted", chatId, seq: 1, rev: 1 },
    ]);
    const bots = { ...facts, nativeBots: new Map([[3, { ...bot, id: 3 }]]) };
    assert.equal(refusal(decide(group, ask(3, remove(2), "c-1"), laterMs, bots)), "forbidden");
  });

  test("of what is deleted changes nothing", () => {
    isSoAlready(later(later(group, 2, remove(2)).state, 1, remove(2), "c-2"), 1);
  });
});

describe("react", () => {
  test("[L4] each reaction takes a rev; the message lists who, in order", () => {
    const decision = onward(group, ask(3, react(2, "👍"), "c-1"), ask(1, react(2, "👍"), "c-2"));
    assert.deepEqual(written(decision).reactions, { "👍": [3, 1] });
    assert.deepEqual(changes(decision), [
      { type: "Reaction", chatId, seq: 2, rev: 2, userId: 1, emoji: "👍", remove: false },
    ]);
    const gone = later(decision.state, 3, react(2, "👍", true), "c-3");
    assert.deepEqual(written(gone).reactions, { "👍": [1] });
    assert.deepEqual(written(later(gone.state, 1, react(2, "👍", true), "c-4")).reactions, {});
  });

  test("the same again, or taking back what is not there, changes nothing", () => {
    isSoAlready(later(later(group, 3, react(2, "👍")).state, 3, react(2, "👍"), "c-2"), 1);
    isSoAlready(later(group, 3, react(2, "👍", true)), 0);
  });

  test("readers react too; strangers, tombstones and service messages do not take part", () => {
    later(withRole(group, 3, "reader"), 3, react(2, "👍"));
    assert.equal(refusedTo(group, 9, react(2, "👍")), "not_found");
    assert.equal(refusedTo(group, 3, react(1, "👍")), "forbidden");
    assert.equal(refusedTo(later(group, 2, remove(2)).state, 3, react(2, "👍")), "not_found");
  });

  test("[L7] a message has a largest number of emoji and of reactions", () => {
    let { state } = later(group, 3, react(2, "👍"));
    for (let index = 1; index < limits.emojisMax; index += 1) {
      ({ state } = later(state, 3, react(2, String.fromCodePoint(0x1f600 + index)), `c-${index}`));
    }
    assert.equal(refusedTo(state, 3, react(2, "🎉")), "invalid");
    later(state, 1, react(2, "👍"));

    const crowd = Array.from({ length: limits.reactionsMax }, (_, index) => index + 100);
    const message = recentMessage(group.recent, 2);
    assert.ok(message !== undefined);
    const crowded = { ...message, detail: { reactions: { "👍": crowd } } };
    const full = { ...group, recent: keepRecent(group.recent, [crowded]) };
    assert.equal(refusedTo(full, 3, react(2, "👍")), "invalid");
  });
});

describe("pin", () => {
  test("[L4] is said and taken back under the next rev", () => {
    const pinned = later(group, 1, pin(2));
    assert.deepEqual(changes(pinned), [{ type: "Pinned", chatId, seq: 2, rev: 1, remove: false }]);
    assert.equal(written(pinned).pinned, true);
    isSoAlready(later(pinned.state, 1, pin(2), "c-2"), 1);
    const unpinned = later(pinned.state, 1, pin(2, true), "c-2");
    assert.equal(written(unpinned).pinned, false);
    isSoAlready(later(unpinned.state, 1, pin(2, true), "c-3"), 2);
  });

  test("is for the owner and admins, and for both in a direct chat", () => {
    assert.equal(refusedTo(group, 2, pin(2)), "forbidden");
    later(withRole(group, 2, "admin"), 2, pin(2));
    const direct = onward(born("direct"), ask(1, say("hi"), "m-1")).state;
    later(direct, 2, pin(1));
    assert.equal(refusedTo(group, 9, pin(2)), "not_found");
    assert.equal(refusedTo(group, 1, pin(7)), "not_found");
  });
});

describe("poll", () => {
  const asked = (multiple: boolean): ChatState =>
    later(group, 1, {
      ...say(""),
      messageKind: "poll",
      poll: { question: "tea?", options: ["yes", "no", "milk"], multiple },
    }).state;
  const standing = (decision: Done): unknown =>
    written(decision).poll?.options.map(({ userIds }) => [...userIds]);

  test("is told with its options and without votes", () => {
    const { poll } = messages(
      later(group, 1, { ...say(""), messageKind: "poll", poll: { question: "tea?", options: ["a", "b"] } }),
    )[0] as Message;
    const options = ["a", "b"].map((text) => ({ text, userIds: [] }));
    assert.deepEqual(poll, { question: "tea?", options, multiple: false });
  });

  test("[L4] a vote takes a rev, replaces the one before, and is taken back without options", () => {
    const first = later(asked(false), 2, vote(3, 0));
    assert.deepEqual(changes(first), [{ type: "Voted", chatId, seq: 3, rev: 1, userId: 2, options: [0] }]);
    assert.deepEqual(standing(first), [[2], [], []]);
    const second = later(first.state, 2, vote(3, 2), "c-2");
    assert.deepEqual(standing(second), [[], [], [2]]);
    assert.deepEqual(standing(later(second.state, 2, vote(3), "c-3")), [[], [], []]);
    isSoAlready(later(second.state, 2, vote(3, 2), "c-3"), 2);
  });

  test("takes several options where it says so, each once", () => {
    const many = later(asked(true), 2, vote(3, 2, 0, 2));
    assert.deepEqual(standing(many), [[2], [], [2]]);
    assert.equal(refusedTo(asked(false), 2, vote(3, 0, 1)), "invalid");
  });

  test("no option that is not there, no message that is none, no stranger", () => {
    assert.equal(refusedTo(asked(false), 2, vote(3, 3)), "invalid");
    assert.equal(refusedTo(group, 2, vote(2, 0)), "invalid");
    assert.equal(refusedTo(group, 2, vote(7, 0)), "not_found");
    assert.equal(refusedTo(asked(false), 9, vote(3, 0)), "not_found");
  });

  test("[L7] a poll has a largest number of votes; who has voted may still change theirs", () => {
    const state = asked(false);
    const message = recentMessage(state.recent, 3);
    assert.ok(message?.detail?.poll !== undefined);
    const userIds = Array.from({ length: limits.votesMax }, (_, index) => (index === 0 ? 2 : index + 100));
    const [first, ...others] = message.detail.poll.options;
    assert.ok(first !== undefined);
    const poll = { ...message.detail.poll, options: [{ ...first, userIds }, ...others] };
    const full = { ...state, recent: keepRecent(state.recent, [{ ...message, detail: { poll } }]) };
    assert.equal(refusedTo(full, 3, vote(3, 0)), "invalid");
    later(full, 2, vote(3, 1));
  });
});

test("polls, places and contacts come with their kind, and the kind with them", () => {
  const poll = { question: "tea?", options: ["yes", "no"] };
  assert.equal(refusedTo(group, 1, { ...say(""), messageKind: "poll" }), "invalid");
  assert.equal(refusedTo(group, 1, { ...say(""), poll }), "invalid");
  assert.equal(refusedTo(group, 1, { ...say(""), messageKind: "location", poll }), "invalid");
  const location = { latitude: 52.5, longitude: 13.4 };
  const place = messages(later(group, 1, { ...say(""), messageKind: "location", location }));
  assert.deepEqual(place[0]?.location, location);
  const contact = { phone: "+49 30 1234", firstName: "Ada" };
  const card = messages(later(group, 1, { ...say(""), messageKind: "contact", contact }));
  assert.deepEqual(card[0]?.contact, contact);
});

test("ciphertext is a body like any other: nobody looks into it", () => {
  const body = "{not json, %00 \u{10ffff}";
  const [message] = messages(later(group, 2, { ...say(body), messageKind: "e2ee" }));
  assert.deepEqual([message?.kind, message?.body], ["e2ee", body]);
});
