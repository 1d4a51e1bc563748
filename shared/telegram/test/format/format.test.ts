import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Entity } from "@rookery/protocol";
import { EntityError, formatText } from "../../src/mod.ts";
import { shown } from "./case.ts";

function found(text: string): string[] {
  return shown(formatText({ text }).entities);
}

function fixed(
  text: string,
  ...said: readonly (readonly [type: string, offset: number, length: number])[]
): string[] {
  const entities: Entity[] = said.map(([type, offset, length]) => ({ type, offset, length }));
  const result = formatText({ text, entities });
  return [result.text, ...shown(result.entities)];
}

describe("what Telegram finds by itself", () => {
  const cases: readonly (readonly [text: string, ...entities: string[]])[] = [
    ["/start", "bot_command 0 6"],
    ["/start abc", "bot_command 0 6"],
    ["do /help@this_bot now", "bot_command 3 14"],
    ["a/b /c/d </e> /f", "bot_command 14 2"],
    ["@telegram and @ab, @gif", "mention 0 9", "mention 19 4"],
    ["me@telegram @вася"],
    ["#hashtag #123 #a1 x#no", "hashtag 0 8", "hashtag 14 3"],
    ["$ABC $abc $1INCH $ABCDEFGHI", "cashtag 0 4", "cashtag 10 6"],
    ["see telegram.org.", "url 4 12"],
    ["https://a.bc/c?d=(e)#f, and", "url 0 22"],
    ["(http://example.com/path)", "url 1 23"],
    ["index.js main.ts file.txt 1.5"],
    ["http://192.168.0.1:8080/x", "url 0 25"],
    ["me.too+x@mail.example.com", "email 0 25"],
    ["tg://resolve?domain=a", "url 0 21"],
    ["🏟 @telegram", "mention 3 9"],
    ["/a".repeat(3)],
  ];
  for (const [text, ...entities] of cases) {
    it(JSON.stringify(text), () =>
      assert.deepEqual(
        found(text),
        entities.filter((each) => each !== ""),
      ),
    );
  }

  it("[L7] is not slow for a text made to be", () => {
    for (const unit of ["a.", "@a", "a@", "/a", "#a", "[(", "http://", "a:", "-._~"]) {
      const text = unit.repeat(16_384 / unit.length);
      const startMs = performance.now();
      formatText({ text });
      assert.ok(performance.now() - startMs < 5_000, unit);
    }
  });
});

describe("nesting", () => {
  it("leaves what nests", () => {
    assert.deepEqual(fixed("abcdef", ["bold", 0, 6], ["italic", 2, 2]), ["abcdef", "bold 0 6", "italic 2 2"]);
  });
  it("cuts styles that cross", () => {
    assert.deepEqual(fixed("abcdefgh", ["bold", 0, 5], ["italic", 3, 5]), [
      "abcdefgh",
      "bold 0 5",
      "italic 3 2",
      "italic 5 3",
    ]);
  });
  it("makes one of a style said twice", () => {
    assert.deepEqual(fixed("abcdef", ["bold", 0, 3], ["bold", 2, 4]), ["abcdef", "bold 0 6"]);
  });
  it("has no style in code", () => {
    assert.deepEqual(fixed("abcdef", ["code", 2, 2], ["bold", 0, 6]), [
      "abcdef",
      "bold 0 2",
      "code 2 2",
      "bold 4 2",
    ]);
  });
  it("keeps the first of two that cannot be cut, and no quote in a quote", () => {
    assert.deepEqual(fixed("abcdef", ["text_link", 0, 4], ["text_link", 2, 4]), ["abcdef", "text_link 0 4"]);
    assert.deepEqual(fixed("abcdef", ["blockquote", 0, 6], ["blockquote", 2, 2], ["code", 4, 1]), [
      "abcdef",
      "blockquote 0 6",
      "code 4 1",
    ]);
  });
  it("finds nothing in code and links", () => {
    assert.deepEqual(fixed("/a /b /c", ["code", 0, 2], ["text_link", 3, 2]), [
      "/a /b /c",
      "code 0 2",
      "text_link 3 2",
      "bot_command 6 2",
    ]);
  });
});

describe("a text", () => {
  it("is trimmed, and its entities with it", () => {
    assert.deepEqual(fixed("  abc  ", ["bold", 0, 7]), ["abc", "bold 0 3"]);
    assert.deepEqual(fixed("abc d  ", ["bold", 0, 4]), ["abc d", "bold 0 3"]);
    assert.deepEqual(fixed(" \n ", ["bold", 0, 3]), [""]);
  });
  it("takes entities that reach outside as far as it goes", () => {
    assert.deepEqual(fixed("abc", ["bold", 1, 100], ["italic", 50, 2]), ["abc", "bold 1 2"]);
  });
  it("refuses an entity within a character", () => {
    const words = "Entity begins in a middle of a UTF-16 symbol at byte offset 1";
    assert.throws(() => fixed("a🏟b", ["bold", 2, 2]), new EntityError(words));
  });
  it("keeps 100 entities", () => {
    assert.equal(found("/a ".repeat(150)).length, 100);
  });
  it("refuses a parse mode nobody knows", () => {
    assert.throws(
      () => formatText({ text: "a", parseMode: "Fancy" }),
      new EntityError("unsupported parse_mode"),
    );
    assert.throws(
      () => formatText({ text: "*a", parseMode: "MarkdownV2" }),
      new EntityError("can't parse entities: Can't find end of Bold entity at byte offset 0"),
    );
  });
});
