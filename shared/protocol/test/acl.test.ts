import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAclSubject, rightsIn } from "../src/mod.ts";

const nothing = { canRead: null, canSend: null, canManage: null };
const denied = { canRead: false, canSend: false, canManage: false };
const free = { ofUser: undefined, ofKey: undefined };

test("[A6] without an entry the role decides", () => {
  const told = (type: "group" | "channel", role: "owner" | "admin" | "member" | "reader" | null) => {
    const { canRead, canSend, canManage } = rightsIn(type, role, free);
    return [canRead, canSend, canManage].map(Number).join("");
  };
  const roles = ["owner", "admin", "member", "reader", null] as const;
  assert.deepEqual(
    roles.map((role) => told("group", role)),
    ["111", "111", "110", "100", "000"],
  );
  assert.deepEqual(
    roles.map((role) => told("channel", role)),
    ["111", "111", "100", "100", "000"],
  );
});

test("[A6] no entry of theirs binds an owner, one of the key they use does", () => {
  assert.deepEqual(rightsIn("group", "owner", { ofUser: denied, ofKey: undefined }), {
    role: "owner",
    canRead: true,
    canSend: true,
    canManage: true,
  });
  assert.deepEqual(rightsIn("group", "owner", { ofUser: undefined, ofKey: denied }), {
    role: "member",
    canRead: false,
    canSend: false,
    canManage: false,
  });
});

test("[A6] the entries are asked right by right: of the key, of the user, then the role", () => {
  const rights = rightsIn("group", "member", {
    ofUser: { canRead: false, canSend: false, canManage: null },
    ofKey: { ...nothing, canRead: true },
  });
  assert.deepEqual(rights, { role: "member", canRead: true, canSend: false, canManage: false });
});

test("a subject is a user or a key", () => {
  assert.deepEqual(parseAclSubject("user:5"), { kind: "user", id: 5 });
  assert.deepEqual(parseAclSubject("key:17"), { kind: "key", id: 17 });
});
