import assert from "node:assert/strict";
import { test } from "node:test";
import { accountKey, searchWords } from "../../../src/query/identity/account-key.ts";

test("spellings that people take for the same have one key", () => {
  const same: [string, string][] = [
    ["Alice@Example.org", "alice@example.ORG"],
    ["Jose\u0301", "JOS\u00c9"],
    ["Straße", "STRASSE"],
    ["STRAẞE", "strasse"],
    ["ΟΔΟΣ", "οδος"],
    ["ΟΔΟΣ", "οδοσ"],
    ["Ａｌｉｃｅ", "alice"],
    ["ПЁТР", "пётр"],
    ["ﬁnn", "FINN"],
  ];
  for (const [one, two] of same) assert.equal(accountKey(one), accountKey(two), `${one} ${two}`);
});

test("what is different stays different, and a key is its own key", () => {
  assert.notEqual(accountKey("пётр"), accountKey("петр"));
  assert.notEqual(accountKey("alice_1"), accountKey("alice-1"));
  for (const text of ["İstanbul", "ẞ", "ΟΔΟΣ", "ŉ", "ǰ", "ﬃ", "Ａ", "e\u0301"]) {
    assert.equal(accountKey(accountKey(text)), accountKey(text), text);
  }
});

test("search words are the letters and digits of names, each once, and never a quote", () => {
  assert.deepEqual(searchWords("alice_x82", "Alice O'Hara-Ёж"), ["alice", "x82", "o", "hara", "ёж"]);
  assert.deepEqual(searchWords(null, " '\\:*&|!() "), []);
});
