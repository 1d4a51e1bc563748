import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ChatState, decide, partingMax } from "../src/mod.ts";
import {
  ask,
  born,
  changes,
  chatId,
  create,
  birth,
  disband,
  dismiss,
  type Done,
  done,
  give,
  invite,
  leave,
  messages,
  nowMs,
  onward,
  refusal,
  rename,
  rowsOf,
  say,
  withRole,
} from "./command.ts";

const group = born("group", [1, 2, 3]);

const act = (state: ChatState, senderId: number, command: Parameters<typeof ask>[1], uuid = "c-1"): Done =>
  done(decide(state, ask(senderId, command, uuid), nowMs));
const refusedTo = (state: ChatState, senderId: number, command: Parameters<typeof ask>[1]): string =>
  refusal(decide(state, ask(senderId, command, "c-1"), nowMs));
const roleOf = ({ state }: Done, userId: number): string | undefined => state.members.get(userId)?.role;
const left = (userId: number, rev: number) => ({
  id: `chat:5/${rev}/user:${userId}`,
  target: { kind: "user", id: userId },
  command: { kind: "left", chatId, chatRev: rev },
});

describe("leave", () => {
  test("[L4] takes a rev, then a service message; the user's actor is sent word", () => {
    const decision = act(group, 2, leave);
    assert.deepEqual(changes(decision), [
      { type: "MemberChanged", chatId, rev: 1, userId: 2, role: "member", change: "left" },
    ]);
    const [message] = messages(decision);
    assert.deepEqual([message?.rev, message?.service], [1, { action: "left", userIds: [2] }]);
    assert.equal(decision.events[0]?.kind, "change", "who has left hears nothing after it");
    assert.deepEqual(decision.relays, [left(2, 1)]);
    const [row] = rowsOf(decision, "member");
    assert.deepEqual([row?.userId, row?.leftMs, row?.rev], [2, nowMs, 1]);
    assert.equal(decision.state.members.has(2), false);
    assert.equal(refusedTo(decision.state, 2, say("hi")), "not_found");
  });

  test("an owner passes the chat on: to the oldest admin, else the oldest member, else the oldest reader", () => {
    const grown = onward(group, ask(1, invite(4), "i-1"), ask(1, invite(5), "i-2")).state;
    const admins = withRole(withRole(grown, 5, "admin"), 4, "admin");
    assert.equal(roleOf(act(admins, 1, leave), 4), "owner");
    assert.equal(roleOf(act(withRole(grown, 2, "reader"), 1, leave), 3), "owner");
    assert.equal(roleOf(act(born("channel", [1, 3, 2]), 1, leave), 2), "owner", "the lower id of equals");
    assert.deepEqual(
      changes(act(admins, 1, leave)).map((frame) => frame.type === "MemberChanged" && frame.change),
      ["left", "role"],
    );
  });

  test("the last one out leaves an empty chat that nobody finds", () => {
    const alone = born("group", [1]);
    const { state } = act(alone, 1, leave);
    assert.equal(state.members.size, 0);
    assert.equal(refusedTo(state, 1, say("hi")), "not_found");
  });

  test("who comes back is a member like any other, from then on", () => {
    const gone = act(group, 2, leave).state;
    const back = act(gone, 1, invite(2), "i-1");
    assert.deepEqual(back.state.members.get(2), { role: "member", joinedSeq: 2, joinedMs: nowMs, rev: 2 });
    assert.equal(rowsOf(back, "member")[0]?.leftMs, null);
    assert.equal(back.relays[0]?.id, "chat:5/2/user:2");
    act(back.state, 2, say("here again"), "m-1");
  });

  test("is not for direct chats, and strangers have nothing to leave", () => {
    assert.equal(refusedTo(born("direct"), 1, leave), "forbidden");
    assert.equal(refusedTo(group, 9, leave), "not_found");
  });
});

describe("remove", () => {
  test("the owner removes anybody, admins members and readers, members nobody", () => {
    const withAdmins = withRole(withRole(born("group", [1, 2, 3, 4]), 2, "admin"), 3, "admin");
    assert.equal(act(withAdmins, 1, dismiss(2)).state.members.has(2), false);
    act(withAdmins, 2, dismiss(4));
    assert.equal(refusedTo(withAdmins, 2, dismiss(3)), "forbidden");
    assert.equal(refusedTo(withAdmins, 2, dismiss(1)), "forbidden");
    assert.equal(refusedTo(withAdmins, 4, dismiss(2)), "forbidden");
  });

  test("is told before anything else, and to the removed by their own actor", () => {
    const decision = act(group, 1, dismiss(3));
    assert.deepEqual(changes(decision), [
      { type: "MemberChanged", chatId, rev: 1, userId: 3, role: "member", change: "removed" },
    ]);
    assert.deepEqual(messages(decision)[0]?.service, { action: "removed", userIds: [3] });
    assert.deepEqual(decision.relays, [left(3, 1)]);
  });

  test("oneself is to leave; who is not there is not found", () => {
    assert.deepEqual(messages(act(group, 3, dismiss(3)))[0]?.service, { action: "left", userIds: [3] });
    assert.equal(refusedTo(group, 1, dismiss(9)), "not_found");
    assert.equal(refusedTo(group, 9, dismiss(1)), "not_found");
    assert.equal(refusedTo(born("direct"), 1, dismiss(2)), "forbidden");
  });
});

describe("role", () => {
  test("[L4] another role takes a rev and a service message", () => {
    const decision = act(group, 1, give(2, "admin"));
    assert.deepEqual(changes(decision), [
      { type: "MemberChanged", chatId, rev: 1, userId: 2, role: "admin", change: "role" },
    ]);
    assert.deepEqual(messages(decision)[0]?.service, { action: "role", userIds: [2], role: "admin" });
    assert.deepEqual(decision.relays, []);
    const again = act(decision.state, 1, give(2, "admin"), "c-2");
    assert.deepEqual(again.events, []);
  });

  test("to make somebody the owner is to pass the chat on", () => {
    const decision = act(group, 1, give(2, "owner"));
    assert.deepEqual([roleOf(decision, 1), roleOf(decision, 2)], ["admin", "owner"]);
    assert.equal(changes(decision).length, 2);
    assert.equal(refusedTo(group, 1, give(1, "member")), "forbidden");
  });

  test("admins choose who may write, and no more", () => {
    const state = withRole(group, 2, "admin");
    act(state, 2, give(3, "reader"));
    assert.equal(refusedTo(state, 2, give(3, "admin")), "forbidden");
    assert.equal(refusedTo(state, 2, give(1, "member")), "forbidden");
    assert.equal(refusedTo(state, 2, give(2, "owner")), "forbidden");
    assert.equal(refusedTo(state, 3, give(2, "reader")), "forbidden");
    assert.equal(refusedTo(state, 1, give(9, "reader")), "not_found");
    assert.equal(refusedTo(state, 9, give(2, "reader")), "not_found");
  });
});

describe("rename", () => {
  test("[L4] a new title takes a rev and a service message", () => {
    const decision = act(group, 1, rename("coffee"));
    assert.equal(decision.state.title, "coffee");
    assert.deepEqual(changes(decision), [
      {
        type: "ChatUpdated",
        chatId,
        rev: 1,
        chat: { id: chatId, type: "group", title: "coffee", headSeq: 1, rev: 1, createdAt: nowMs },
      },
    ]);
    assert.deepEqual(messages(decision)[0]?.service, { action: "renamed", userIds: [], title: "coffee" });
    assert.equal(rowsOf(decision, "chat")[0]?.title, "coffee");
    assert.deepEqual(act(decision.state, 1, rename("coffee"), "c-2").events, []);
  });

  test("is for the owner and admins of groups and channels", () => {
    act(withRole(group, 2, "admin"), 2, rename("coffee"));
    assert.equal(refusedTo(group, 2, rename("coffee")), "forbidden");
    assert.equal(refusedTo(group, 9, rename("coffee")), "not_found");
    assert.equal(refusedTo(born("direct"), 1, rename("coffee")), "forbidden");
  });
});

describe("the end for all", () => {
  const again = { ...ask(0, disband, "relayed"), source: "service" } as const;

  test("the owner ends a chat: everybody is out, sent word, and finds nothing", () => {
    const decision = act(group, 1, disband);
    assert.equal(decision.state.members.size, 0);
    assert.equal(rowsOf(decision, "chat")[0]?.deletedMs, nowMs);
    assert.deepEqual(decision.relays, [left(1, 1), left(2, 1), left(3, 1)]);
    for (const command of [say("hi"), create(birth("group")), leave, disband, invite(2)]) {
      assert.equal(refusedTo(decision.state, 1, command), "not_found");
    }
  });

  test("is for nobody else", () => {
    assert.equal(refusedTo(withRole(group, 2, "admin"), 2, disband), "forbidden");
    assert.equal(refusedTo(group, 9, disband), "not_found");
    assert.equal(refusedTo(born("direct"), 1, disband), "forbidden");
  });

  test("[L7] of a large chat the members are told in portions, each sending for the next, also if it comes twice", () => {
    const members = new Map(group.members);
    const member = group.members.get(2);
    assert.ok(member !== undefined);
    for (let userId = 4; userId <= 2 * partingMax + 10; userId += 1) members.set(userId, member);
    const names = new Set<string>();
    const told = new Set<number>();
    let step = act({ ...group, members }, 1, disband);
    for (;;) {
      assert.ok(rowsOf(step, "member").length <= partingMax + 1);
      for (const { id, target } of step.relays) {
        assert.equal(names.has(id), false, id);
        names.add(id);
        if (target.kind === "user") told.add(target.id);
      }
      assert.equal(refusedTo(step.state, 2 * partingMax + 10, say("hi")), "not_found");
      const next = step.relays.find(({ target }) => target.kind === "chat");
      if (next === undefined) break;
      step = done(decide(step.state, again, nowMs));
    }
    assert.equal(told.size, members.size);
    assert.equal(step.state.members.size, 0);
    assert.equal(refusal(decide(step.state, again, nowMs)), "not_found");
  });
});
