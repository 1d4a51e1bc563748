/** What a chat allows somebody beside their role, and what of that goes when they go. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AclSubject, type AddressedCommand, type ChatCommand, limits } from "@rookery/protocol";
import { decide } from "../src/mod.ts";
import {
  allow,
  ask,
  born,
  changes,
  chatId,
  dismiss,
  done,
  edit,
  give,
  invite,
  leave,
  messages,
  nowMs,
  onward,
  pin,
  react,
  refusal,
  remove,
  rename,
  rowsOf,
  say,
  withRole,
} from "./command.ts";

const group = born("group", [1, 2, 3]);

/** As `ask`, by a key of the sender's. */
function askBy(keyId: number, senderId: number, command: ChatCommand, uuid = "u-1"): AddressedCommand {
  return { ...ask(senderId, command, uuid), keyId };
}

const verdict = (state: typeof group, command: AddressedCommand): string => {
  const decision = decide(state, command, nowMs);
  return decision.kind === "done" ? "done" : decision.fault.code;
};

test("[A6] canSend mutes a member, and lets a reader or a stranger send", () => {
  const state = onward(
    withRole(group, 3, "reader"),
    ask(1, allow("user:2", { canSend: false }), "a"),
    ask(1, allow("user:3", { canSend: true }), "b"),
    ask(1, allow("user:9", { canSend: true }), "c"),
  ).state;
  assert.equal(verdict(state, ask(2, say("x"))), "forbidden");
  assert.equal(verdict(state, ask(3, say("x"))), "done");
  assert.equal(verdict(state, ask(9, say("x"))), "done");
  assert.equal(verdict(state, ask(8, say("x"))), "not_found");
  // Who may send and no more, may do no more.
  for (const command of [react(1, "👍"), pin(1), rename("x"), invite(7), remove(1)]) {
    assert.equal(verdict(state, ask(9, command)), "not_found", command.kind);
  }
  const channel = onward(born("channel", [1, 2]), ask(1, allow("user:2", { canSend: true }), "a")).state;
  assert.equal(verdict(channel, ask(2, say("x"))), "done");
});

test("[A6] a member who may not read touches nothing there, and may go", () => {
  const before = onward(group, ask(2, say("mine"), "m")).state;
  const decision = onward(before, ask(1, allow("user:2", { canRead: false }), "a"));
  const seq = before.headSeq;
  for (const command of [edit(seq, "x"), remove(seq), react(seq, "👍"), invite(7)]) {
    assert.equal(verdict(decision.state, ask(2, command)), "forbidden", command.kind);
  }
  assert.equal(verdict(decision.state, ask(2, leave)), "done");
});

test("[A6] canManage makes an admin of whoever has it, and none of an admin who has it not", () => {
  const { state } = onward(
    withRole(group, 3, "admin"),
    ask(1, allow("user:2", { canManage: true }), "a"),
    ask(1, allow("user:3", { canManage: false }), "b"),
    ask(1, allow("user:9", { canManage: true, canRead: true }), "c"),
  );
  for (const by of [2, 9]) {
    assert.equal(verdict(state, ask(by, rename("ours"))), "done");
    assert.equal(verdict(state, ask(by, allow("user:8", { canRead: true }))), "done");
    assert.equal(verdict(state, ask(by, give(1, "reader"))), "forbidden", "not over the owner");
  }
  for (const command of [rename("x"), pin(1), allow("user:8", { canRead: true })]) {
    assert.equal(verdict(state, ask(3, command)), "forbidden", command.kind);
  }
});

test("[A6] the entry of a key goes before its user's, and binds that key alone", () => {
  const { state } = onward(
    group,
    ask(1, allow("key:7", { canSend: false, canManage: false }), "a"),
    ask(1, allow("user:2", { canSend: false }), "b"),
    ask(1, allow("key:8", { canSend: true }), "c"),
  );
  assert.equal(verdict(state, ask(1, say("x"))), "done");
  assert.equal(verdict(state, askBy(7, 1, say("x"))), "forbidden", "also in its owner's hand");
  assert.equal(verdict(state, askBy(7, 1, rename("x"))), "forbidden");
  assert.equal(verdict(state, askBy(9, 1, rename("x"))), "done");
  assert.equal(verdict(state, ask(2, say("x"))), "forbidden");
  assert.equal(verdict(state, askBy(8, 2, say("x"))), "done");
  assert.equal(verdict(state, askBy(8, 99, say("x"))), "done", "whosever it is");
});

test("[A6] who manages says who may do what, over those they outrank; administrators over all but the owner", () => {
  const admins = withRole(withRole(group, 2, "admin"), 3, "admin");
  const entry = { canSend: false };
  assert.equal(verdict(admins, ask(9, allow("user:2", entry))), "not_found");
  assert.equal(verdict(group, ask(2, allow("user:3", entry))), "forbidden", "members do not");
  assert.equal(verdict(admins, ask(2, allow("user:3", entry))), "forbidden", "admins not over each other");
  assert.equal(
    verdict(admins, ask(2, allow("user:2", { canManage: true }))),
    "forbidden",
    "nor over themselves",
  );
  assert.equal(verdict(admins, ask(1, allow("user:2", entry))), "done");
  assert.equal(verdict(admins, ask(9, allow("user:2", entry, true))), "done");
  assert.equal(verdict(admins, ask(9, allow("user:1", entry, true))), "forbidden");
  assert.equal(
    verdict(born("direct"), ask(1, allow("user:9", { canRead: true }))),
    "forbidden",
    "between two",
  );
});

test("[A6] taking reading from a member tells as if they left, giving it back as if they came", () => {
  const taken = onward(group, ask(1, allow("user:2", { canRead: false }), "a"));
  const rev = group.rev + 1;
  const frame = { type: "AccessChanged", chatId, subject: "user:2", canSend: null, canManage: null } as const;
  assert.deepEqual(changes(taken), [{ ...frame, rev, canRead: false, mayRead: false }]);
  assert.deepEqual(
    taken.relays.map(({ target, command }) => [target.id, command.kind]),
    [[2, "left"]],
  );
  assert.deepEqual(messages(taken), [], "nobody else is told in words");
  const later = onward(taken.state, ask(1, say("behind their back"), "m"));
  const given = onward(later.state, ask(1, allow("user:2", {}), "b"));
  assert.deepEqual(changes(given), [{ ...frame, rev: rev + 1, canRead: null, mayRead: true }]);
  assert.deepEqual(
    given.relays.map(({ target, command }) => [target.id, command.kind]),
    [[2, "joined"]],
  );
  const [row] = rowsOf(given, "chatAcl");
  assert.equal(row?.sinceSeq, later.state.headSeq, "what was written meanwhile is history");
  assert.equal(given.state.acl.size, 0);
});

test("[A6] what is so already takes no rev; strangers are not told as members are", () => {
  const once = onward(group, ask(1, allow("user:9", { canRead: true }), "a"));
  assert.deepEqual(once.relays, []);
  const again = onward(once.state, ask(1, allow("user:9", { canRead: true }), "b"));
  assert.deepEqual([again.state.rev, changes(again)], [once.state.rev, []]);
  const never = onward(group, ask(1, allow("user:9", {}), "a"));
  assert.deepEqual(changes(never), []);
});

test("[A6] going takes along what was allowed and leaves what was forbidden", () => {
  const { state } = onward(
    group,
    ask(1, allow("user:2", { canRead: true, canSend: false, canManage: true }), "a"),
    ask(1, allow("user:3", { canRead: true }), "b"),
  );
  const gone = onward(state, ask(1, dismiss(2), "c"), ask(1, dismiss(3), "d")).state;
  assert.deepEqual([...gone.acl], [["user:2", { canRead: null, canSend: false, canManage: null }]]);
  assert.equal(verdict(gone, ask(3, react(1, "👍"))), "not_found");
  const back = onward(gone, ask(1, invite(2, 3), "e")).state;
  assert.equal(verdict(back, ask(2, say("x"))), "forbidden");
  assert.equal(verdict(back, ask(3, say("x"))), "done");
});

test("[A6] whoever becomes the owner is bound by no entry, then or later", () => {
  const bound = onward(group, ask(1, allow("user:2", { canRead: false, canSend: false }), "a")).state;
  const passed = onward(bound, ask(1, give(2, "owner"), "b"));
  assert.equal(passed.state.acl.size, 0);
  assert.equal(verdict(passed.state, ask(2, say("x"))), "done");
  assert.ok(passed.relays.some(({ target, command }) => target.id === 2 && command.kind === "joined"));
});

test("[L7] an ACL has a bound, and what is in it can still be changed and taken away", () => {
  const subjects = Array.from({ length: limits.aclMax }, (_, n): AclSubject => `user:${100 + n}`);
  const full = {
    ...group,
    acl: new Map(subjects.map((each) => [each, { canRead: true, canSend: null, canManage: null }])),
  };
  assert.equal(refusal(decide(full, ask(1, allow("user:9", { canRead: true })), nowMs)), "invalid");
  assert.equal(
    done(decide(full, ask(1, allow("user:100", { canSend: true })), nowMs)).state.acl.size,
    limits.aclMax,
  );
  assert.equal(done(decide(full, ask(1, allow("user:100", {})), nowMs)).state.acl.size, limits.aclMax - 1);
});
