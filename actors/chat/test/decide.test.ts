import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decide, membersMax } from "../src/mod.ts";
import {
  ask,
  birth,
  born,
  chatId,
  create,
  done,
  fromTelegram,
  invite,
  messages,
  nowMs,
  refusal,
  replay,
  rowsOf,
  say,
  withRole,
} from "./command.ts";

describe("create", () => {
  test("a group is born with its members, and says so in its first message", () => {
    const decision = done(decide(null, ask(1, create(birth("group", [1, 2, 3]))), nowMs));
    assert.deepEqual(decision.outcome, { kind: "created", chatId, created: true });
    assert.deepEqual([...decision.state.members.keys()], [1, 2, 3]);
    assert.deepEqual(
      [...decision.state.members.values()].map(({ role }) => role),
      ["owner", "member", "member"],
    );
    const [message, ...more] = messages(decision);
    assert.equal(more.length, 0);
    assert.deepEqual(message?.service, { action: "created", userIds: [1, 2, 3], title: "tea" });
    assert.equal(message?.kind, "service");
    assert.equal(message?.seq, 1);
    assert.equal(message?.ts, nowMs);
  });

  test("a direct chat and one of Telegram start empty", () => {
    const direct = born("direct");
    assert.equal(direct.headSeq, 0);
    const telegram = replay(ask(1, create({ ...birth("telegram"), telegram: { botId: 9, chatId: -1 } })));
    assert.equal(telegram.state.headSeq, 0);
    assert.deepEqual(telegram.state.telegram, { botId: 9, chatId: -1 });
  });

  test("every member is told by a command of its own, named by what caused it", () => {
    const { relays } = done(decide(null, ask(1, create(birth("group"))), nowMs));
    assert.deepEqual(relays, [
      {
        id: "chat:5/0/user:1",
        target: { kind: "user", id: 1 },
        command: { kind: "joined", chatId, chatRev: 0 },
      },
      {
        id: "chat:5/0/user:2",
        target: { kind: "user", id: 2 },
        command: { kind: "joined", chatId, chatRev: 0 },
      },
    ]);
  });

  test("created again by a member, under any uuid, is there already: nothing is written", () => {
    const state = born("direct");
    for (const senderId of [1, 2]) {
      const again = done(decide(state, ask(senderId, create(birth("direct")), "another"), nowMs + 9));
      assert.deepEqual(again.outcome, { kind: "created", chatId, created: false });
      assert.deepEqual([again.rows, again.events, again.relays], [[], [], []]);
      assert.equal(again.state, state);
    }
  });

  test("created again by a stranger does not exist for them", () => {
    assert.equal(refusal(decide(born("group"), ask(7, create(birth("group", [7]))), nowMs)), "not_found");
  });

  test("[L3] the outcome of a birth is kept under its sender and uuid", () => {
    const decision = done(decide(null, ask(1, create(birth("group")), "u-7"), nowMs));
    const outcome = decision.outcome;
    assert.deepEqual(rowsOf(decision, "outcome"), [
      { actor: "chat:5", senderId: 1, uuid: "u-7", outcome, decidedMs: nowMs },
    ]);
  });
});

describe("send", () => {
  test("a member's message takes the next seq and is told as it is stored", () => {
    const state = born("group");
    const asked = {
      ...say("hi"),
      entities: [{ type: "bold", offset: 0, length: 2 }],
      replyTo: 1,
      forward: { chatId: 6, seq: 7, senderId: 8 },
      attachments: [{ fileId: "f", kind: "photo" }],
    };
    const decision = done(decide(state, ask(2, asked, "m-1"), nowMs));
    assert.deepEqual(decision.outcome, { kind: "sent", seq: 2, rev: 0, ts: nowMs });
    assert.equal(decision.state.headSeq, 2);
    const [row] = rowsOf(decision, "message");
    const { kind: _, messageKind: __, body: ___, ...detail } = asked;
    assert.deepEqual(row, {
      chatId,
      seq: 2,
      rev: 0,
      senderId: 2,
      uuid: "m-1",
      kind: "text",
      body: "hi",
      detail,
      source: "ws",
      ts: nowMs,
      editedAt: null,
      deletedAt: null,
    });
    const [message] = messages(decision);
    assert.deepEqual(message?.entities, asked.entities);
    assert.equal(message?.replyTo, 1);
    assert.deepEqual(message?.reactions, {});
    assert.deepEqual(rowsOf(decision, "chat"), []);
  });

  test("a plain message carries no detail", () => {
    const asked = { ...say("hi"), entities: [], attachments: [] };
    assert.equal(rowsOf(done(decide(born("group"), ask(1, asked), nowMs)), "message")[0]?.detail, null);
  });

  test("to a stranger a chat does not exist, and one that does not exist looks the same", () => {
    const stranger = decide(born("group"), ask(7, say("hi")), nowMs);
    assert.equal(refusal(stranger), "not_found");
    assert.deepEqual(stranger, decide(null, ask(7, say("hi")), nowMs));
  });

  test("a reader may not send; in a channel only the owner and admins may", () => {
    const group = withRole(born("group"), 2, "reader");
    assert.equal(refusal(decide(group, ask(2, say("hi")), nowMs)), "forbidden");
    const channel = born("channel", [1, 2, 3]);
    assert.equal(refusal(decide(channel, ask(2, say("hi")), nowMs)), "forbidden");
    done(decide(channel, ask(1, say("hi")), nowMs));
    done(decide(withRole(channel, 2, "admin"), ask(2, say("hi")), nowMs));
  });

  test("a reply to what is not there is invalid; to the last message it is not", () => {
    const state = born("group");
    assert.equal(refusal(decide(state, ask(1, { ...say("hi"), replyTo: 2 }), nowMs)), "invalid");
    done(decide(state, ask(1, { ...say("hi"), replyTo: 1 }), nowMs));
  });
});

describe("telegram", () => {
  test("the first message gives birth to its chat and is its message 1", () => {
    const decision = done(decide(null, ask(20, fromTelegram("hi"), "9-1"), nowMs));
    assert.deepEqual(decision.outcome, { kind: "sent", seq: 1, rev: 0, ts: nowMs });
    assert.equal(decision.state.type, "telegram");
    assert.deepEqual(decision.state.telegram, { botId: 9, chatId: -100 });
    assert.deepEqual([...decision.state.members.keys()], [1, 9]);
    assert.equal(decision.relays.length, 2);
    assert.deepEqual(
      messages(decision).map(({ seq, senderId, telegram }) => ({ seq, senderId, telegram })),
      [{ seq: 1, senderId: 20, telegram: { messageId: 77, state: "received" } }],
    );
  });

  test("the next one finds the chat; its sender need not be a member", () => {
    const { state } = replay(ask(20, fromTelegram("one"), "9-1"));
    const decision = done(decide(state, ask(21, fromTelegram("two"), "9-2"), nowMs));
    assert.equal(messages(decision)[0]?.seq, 2);
    assert.equal(decision.relays.length, 0);
    assert.equal(decision.state.members.size, 2);
  });

  test("a birth is not begun by a message that is refused", () => {
    const decision = decide(null, ask(20, { ...fromTelegram("hi"), replyTo: 3 }), nowMs);
    assert.equal(refusal(decision), "invalid");
  });

  test("members write into it, strangers do not see it", () => {
    const { state } = replay(ask(20, fromTelegram("one"), "9-1"));
    done(decide(state, ask(1, say("hi")), nowMs));
    assert.equal(refusal(decide(state, ask(20, say("hi")), nowMs)), "not_found");
  });
});

describe("invite", () => {
  test("[L4] each who comes takes a rev; one service message tells of all", () => {
    const decision = done(decide(born("group"), ask(1, invite(4, 2, 3, 4), "i-1"), nowMs));
    assert.deepEqual(decision.outcome, { kind: "invited", added: [4, 3], already: [2] });
    assert.deepEqual(
      rowsOf(decision, "change").map(({ rev, frame }) =>
        frame.type === "MemberChanged" ? [rev, frame.rev, frame.userId, frame.role] : [],
      ),
      [
        [1, 1, 4, "member"],
        [2, 2, 3, "member"],
      ],
    );
    const told = messages(decision);
    assert.deepEqual(
      told.map(({ seq, rev, service }) => ({ seq, rev, service })),
      [{ seq: 2, rev: 2, service: { action: "joined", userIds: [4, 3] } }],
    );
    assert.deepEqual(
      decision.relays.map(({ id }) => id),
      ["chat:5/1/user:4", "chat:5/2/user:3"],
    );
    // They hear what comes after they came, the message that says so included.
    assert.equal(decision.state.members.get(4)?.joinedSeq, 1);
    assert.equal(rowsOf(decision, "outcome").length, 1);
  });

  test("everybody there already: nothing is told, and the outcome is kept all the same", () => {
    const decision = done(decide(born("group"), ask(1, invite(2)), nowMs));
    assert.deepEqual(decision.outcome, { kind: "invited", added: [], already: [2] });
    assert.equal(decision.events.length, 0);
    assert.equal(rowsOf(decision, "outcome").length, 1);
  });

  test("members of a group may invite, readers and strangers not; a channel takes readers, by its owner", () => {
    const group = born("group");
    done(decide(group, ask(2, invite(3)), nowMs));
    assert.equal(refusal(decide(withRole(group, 2, "reader"), ask(2, invite(3)), nowMs)), "forbidden");
    assert.equal(refusal(decide(group, ask(7, invite(3)), nowMs)), "not_found");
    assert.equal(refusal(decide(null, ask(7, invite(3)), nowMs)), "not_found");
    const channel = born("channel");
    assert.equal(refusal(decide(channel, ask(2, invite(3)), nowMs)), "forbidden");
    assert.equal(done(decide(channel, ask(1, invite(3)), nowMs)).state.members.get(3)?.role, "reader");
  });

  test("nobody can be invited between two people, or into a chat of Telegram", () => {
    assert.equal(refusal(decide(born("direct"), ask(1, invite(3)), nowMs)), "forbidden");
    assert.equal(refusal(decide(born("telegram"), ask(1, invite(3)), nowMs)), "forbidden");
  });

  test("[L7] a chat has a largest number of members, and is quick to take more up to it", () => {
    const group = born("group");
    const member = group.members.get(2);
    assert.ok(member !== undefined);
    const members = new Map(group.members);
    for (let userId = 3; userId < membersMax; userId += 1) members.set(userId, member);
    const state = { ...group, members };
    assert.equal(refusal(decide(state, ask(1, invite(membersMax, membersMax + 1)), nowMs)), "invalid");
    assert.equal(done(decide(state, ask(1, invite(membersMax)), nowMs)).state.members.size, membersMax);
  });

  test("many who come at once cost one copy of the members, not one each", () => {
    const group = born("group");
    let copies = 0;
    const members = new Map(group.members);
    members[Symbol.iterator] = () => {
      copies += 1;
      return Map.prototype[Symbol.iterator].call(members);
    };
    const many = Array.from({ length: 200 }, (_, index) => index + 10);
    done(decide({ ...group, members }, ask(1, invite(...many)), nowMs));
    assert.equal(copies, 1);
  });
});
