import assert from "node:assert/strict";
import { test } from "node:test";
import { decideAccess, type Grants, permissions, scopeRefusal, scopesCover } from "../src/mod.ts";

const member: Grants = { role: "member", permissions: new Set(["chats:read", "messages:write"]) };
const admin: Grants = { role: "admin", permissions: new Set(["*"]) };

test("[A5] a role gives what it gives, and `*` everything", () => {
  const person = { scopes: null };
  assert.equal(decideAccess(person, member, "chats:read"), "allowed");
  assert.equal(decideAccess(person, member, "chats:write"), "beyond role");
  for (const permission of permissions) assert.equal(decideAccess(person, admin, permission), "allowed");
});

test("[A4] a key does what both its user's role and its scopes cover, and no scope gives more than the role", () => {
  for (const [scopes, grants, verdict] of [
    [["chats:read"], member, "allowed"],
    [["chats:*"], member, "allowed"],
    [["admin"], member, "allowed"],
    [["*"], member, "allowed"],
    [[], member, "beyond scopes"],
    [["messages:write", "chats:write", "chat:read"], member, "beyond scopes"],
    [[], admin, "beyond scopes"],
  ] as const) {
    assert.equal(decideAccess({ scopes }, grants, "chats:read"), verdict, scopes.join());
  }
  assert.equal(decideAccess({ scopes: ["admin"] }, member, "cluster:manage"), "beyond role");
});

test("a scope covers its name, its resource or all, and nothing that only begins like it", () => {
  assert.equal(scopesCover(["messages:read"], "messages:read"), true);
  assert.equal(scopesCover(["messages:rea", "message:*", "messages", ":*"], "messages:read"), false);
  assert.equal(scopesCover(["messages:*"], "messages:*"), true);
  assert.equal(scopesCover(["messages:read"], "messages:*"), false, "a key cannot widen what it has");
  assert.equal(scopesCover(["chats:*"], "admin"), false);
  assert.equal(scopesCover(["admi:*"], "admin"), false);
  assert.equal(scopesCover(["admin"], "*"), true);
});

test("a scope is resource:action, resource:* or admin; all permissions are some", () => {
  for (const text of [...permissions, "orders:read", "a:*", "admin", "*"])
    assert.equal(scopeRefusal(text), undefined, text);
  for (const text of [
    "",
    "read",
    "Chats:read",
    "chats:",
    ":read",
    "chats:read:x",
    "chats:read ",
    "a".repeat(40) + ":b",
  ]) {
    assert.notEqual(scopeRefusal(text), undefined, text);
  }
});
