import assert from "node:assert/strict";
import { test } from "node:test";
import { displayNameRefusal, emailRefusal, usernameRefusal } from "../src/mod.ts";

test("an email address has one @, no spaces, and at most 254 bytes", () => {
  for (const text of ["a@b", "ada.l+x@example.org", "жук@пример.рф"])
    assert.equal(emailRefusal(text), undefined, text);
  const wrong = [
    "",
    "ada",
    "@b",
    "a@",
    "a@b@c",
    "a b@c",
    "a@b c",
    "a\0@b",
    "a@b\n",
    `${"x".repeat(64)}@${"y".repeat(200)}`,
  ];
  for (const text of [...wrong, "\ud800@b"]) assert.notEqual(emailRefusal(text), undefined, text);
});

test("a username is letters and digits of any script and never looks like an address", () => {
  for (const text of ["a", "_x", "Adá", "жук.2-3", "Jose\u0301", "x".repeat(64)]) {
    assert.equal(usernameRefusal(text), undefined, text);
  }
  for (const text of ["", "-a", ".a", "a b", "a@b", "a/b", "a\n", "\u0301", "\ud800", "x".repeat(65)]) {
    assert.notEqual(usernameRefusal(text), undefined, text);
  }
});

test("a display name is anything that shows", () => {
  for (const text of ["Ada", "Ada 🦉 L.", "x"]) assert.equal(displayNameRefusal(text), undefined, text);
  for (const text of ["", "  ", "a\0", "a\nb", "\udc00", "x".repeat(257)]) {
    assert.notEqual(displayNameRefusal(text), undefined, text);
  }
});
