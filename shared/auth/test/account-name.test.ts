import assert from "node:assert/strict";
import { test } from "node:test";
import {
  displayNameRefusal,
  emailRefusal,
  languageRefusal,
  specialisationRefusal,
  usernameRefusal,
} from "../src/mod.ts";

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

test("[A11] a specialisation is anything that shows, shorter than a name", () => {
  for (const text of ["plumber", "Сантехник", "x".repeat(128)])
    assert.equal(specialisationRefusal(text), undefined);
  for (const text of ["", " ", "a\0", "\ud800", "x".repeat(129)])
    assert.notEqual(specialisationRefusal(text), undefined, JSON.stringify(text));
});

test("[A11] a language has the form of a tag of BCP 47", () => {
  for (const text of ["de", "pt-BR", "uz-Cyrl-UZ", "zh-Hant-TW-x-a1"])
    assert.equal(languageRefusal(text), undefined, text);
  for (const text of ["", "d", "de_DE", "-de", "de-", "de DE", "1de", `de${"-abcdefgh".repeat(4)}`])
    assert.notEqual(languageRefusal(text), undefined, text);
});
