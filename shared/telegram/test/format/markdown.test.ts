/** The cases of MarkdownV2 are tdlib's own (test/message_entities.cpp). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EntityError } from "../../src/format/formatted-text.ts";
import { parseMarkdownV2 } from "../../src/format/markdown-v2.ts";
import { parseMarkdown } from "../../src/format/markdown.ts";
import { shown } from "./case.ts";

type Case = readonly [source: string, text: string, ...entities: string[]];

const refused: readonly (readonly [source: string, words: string])[] = [
  ["🏟 🏟_abacaba", "Can't find end of Italic entity at byte offset 9"],
  ["🏟 🏟_abac * asd ", "Can't find end of Bold entity at byte offset 15"],
  ["🏟 🏟_abac * asd _", "Can't find end of Italic entity at byte offset 21"],
  ["🏟 🏟`", "Can't find end of Code entity at byte offset 9"],
  ["🏟 🏟```", "Can't find end of Pre entity at byte offset 9"],
  ["🏟 🏟```a", "Can't find end of Pre entity at byte offset 9"],
  ["🏟 🏟```a ", "Can't find end of PreCode entity at byte offset 9"],
  ["🏟 🏟__🏟 🏟_", "Can't find end of Italic entity at byte offset 20"],
  ["🏟 🏟_🏟 🏟__", "Can't find end of Underline entity at byte offset 19"],
  ["🏟 🏟```🏟 🏟`", "Can't find end of Code entity at byte offset 21"],
  ["🏟 🏟```🏟 🏟_", "Can't find end of PreCode entity at byte offset 9"],
  ["🏟 🏟```🏟 🏟\\`", "Can't find end of PreCode entity at byte offset 9"],
  ["[telegram\\.org](asd\\)", "Can't find end of a URL at byte offset 16"],
  ["[telegram\\.org](", "Can't find end of a URL at byte offset 16"],
  ["🏟 🏟__🏟 _🏟___", "Can't find end of Italic entity at byte offset 23"],
  ["🏟 🏟__", "Can't find end of Underline entity at byte offset 9"],
  ["🏟 🏟||test\\|", "Can't find end of Spoiler entity at byte offset 9"],
  ["🏟 🏟!", "Character '!' is reserved and must be escaped with the preceding '\\'"],
  ["🏟 🏟>", "Character '>' is reserved and must be escaped with the preceding '\\'"],
  ["🏟 🏟![", "Can't find end of CustomEmoji entity at byte offset 9"],
  ["🏟 🏟![👍]", "Custom emoji entity must contain a tg://emoji URL"],
  ["🏟 🏟![👍](tg://emoji?id=1234", "Can't find end of a custom emoji URL at byte offset 17"],
  ["🏟 🏟![👍](t://emoji?id=1234)", "Custom emoji URL must have scheme tg"],
  ["🏟 🏟![👍](tg:emojis?id=1234)", 'Custom emoji URL must have host "emoji"'],
  ["🏟 🏟![👍](tg://emoji#test)", "Custom emoji URL must have an emoji identifier"],
  ["🏟 🏟![👍](tg://emoji?test=1#&id=25)", "Custom emoji URL must have an emoji identifier"],
  ["🏟 🏟![👍](tg://emoji?test=1231&id=025)", "Invalid custom emoji identifier specified"],
  [">*b\n>ld \n>bo\nld*\nasd\ndef", "Can't find end of Bold entity at byte offset 1"],
  [">\n*a*>2", "Character '>' is reserved and must be escaped with the preceding '\\'"],
  [">asd\n>q||e||w||\n||asdad", "Can't find end of Spoiler entity at byte offset 16"],
  [">asd\n>q||ew\n||asdad", "Can't find end of Spoiler entity at byte offset 7"],
  [">asd\n>q||e||w__\n||asdad", "Can't find end of Underline entity at byte offset 13"],
  [">asd\n>q||e||w||a\n||asdad", "Can't find end of Spoiler entity at byte offset 13"],
];

const taken: readonly Case[] = [
  ["", ""],
  ["\\\\\\", "\\\\"],
  ["\\\\\\\\\\_\\*\\`", "\\\\_*`"],
  ["🏟 🏟``", "🏟 🏟"],
  ["🏟 🏟_abac \\* asd _", "🏟 🏟abac * asd ", "italic 5 11"],
  ["🏟 \\.🏟_🏟\\. 🏟_", "🏟 .🏟🏟. 🏟", "italic 6 6"],
  ["\\\\\\a\\b\\1\\➡️\\", "\\ab1\\➡️\\"],
  ["➡️ ➡️_➡️ ➡️_*➡️ ➡️*", "➡️ ➡️➡️ ➡️➡️ ➡️", "italic 5 5", "bold 10 5"],
  ["🏟 🏟_🏟 *🏟*_", "🏟 🏟🏟 🏟", "italic 5 5", "bold 8 2"],
  ["🏟 🏟_🏟 __🏟___", "🏟 🏟🏟 🏟", "italic 5 5", "underline 8 2"],
  ["🏟 🏟__🏟 _🏟_ __", "🏟 🏟🏟 🏟 ", "underline 5 6", "italic 8 2"],
  ["🏟 🏟__🏟 _🏟_\\___", "🏟 🏟🏟 🏟_", "underline 5 6", "italic 8 2"],
  ["🏟 🏟`🏟 🏟```", "🏟 🏟🏟 🏟", "code 5 5"],
  ["🏟 🏟```🏟 🏟```", "🏟 🏟 🏟", "pre 5 3 🏟"],
  ["🏟 🏟```🏟\n🏟```", "🏟 🏟🏟", "pre 5 2 🏟"],
  ["🏟 🏟```🏟\n\r🏟```", "🏟 🏟🏟", "pre 5 2 🏟"],
  ["🏟 🏟```🏟\r\n🏟```", "🏟 🏟🏟", "pre 5 2 🏟"],
  ["🏟 🏟```🏟\n\n🏟```", "🏟 🏟\n🏟", "pre 5 3 🏟"],
  ["🏟 🏟```🏟 \\\\\\`🏟```", "🏟 🏟 \\`🏟", "pre 5 5 🏟"],
  ["||test||", "test", "spoiler 0 4"],
  ["🏟 🏟``````", "🏟 🏟"],
  ["🏟 🏟____", "🏟 🏟"],
  ["`_* *_`__*` `*__", "_* *_ ", "code 0 5", "code 5 1", "bold 5 1", "underline 5 1"],
  ["_* * ` `_", "   ", "italic 0 3", "bold 0 1", "code 2 1"],
  ["[](telegram.org)", ""],
  ["[ ](telegram.org)", " ", "text_link 0 1 http://telegram.org/"],
  ["[ ](as)", " "],
  ["[telegram\\.org]", "telegram.org", "text_link 0 12 http://telegram.org/"],
  ["[telegram\\.org]a", "telegram.orga", "text_link 0 12 http://telegram.org/"],
  ["[telegram\\.org](https://telegram.dog?)", "telegram.org", "text_link 0 12 https://telegram.dog/?"],
  [
    "[telegram\\.org](https://telegram.dog?\\\\\\()",
    "telegram.org",
    "text_link 0 12 https://telegram.dog/?\\(",
  ],
  ["[telegram\\.org]()", "telegram.org"],
  ["[telegram\\.org](tg:user?id=123456)", "telegram.org", "text_mention 0 12 123456"],
  ["🏟 🏟![👍](TG://EMoJI/?test=1231&id=25#id=32)a", "🏟 🏟👍a", "custom_emoji 5 2 25"],
  ["> \n> \n>", " \n \n", "blockquote 0 4"],
  ["> \\>\n \\> \n>", " >\n > \n", "blockquote 0 3"],
  ["abc\n> \n> \n>\ndef", "abc\n \n \n\ndef", "blockquote 4 5"],
  [">", ""],
  [">a", "a", "blockquote 0 1"],
  ["\r>a", "\ra", "blockquote 1 1"],
  ["\r\r>\r\ra\r\n\r", "\r\r\r\ra\r\n\r", "blockquote 2 5"],
  [
    ">*bold _italic bold ~italic bold strikethrough ||italic bold strikethrough spoiler||~ __underline italic bold___ bold*",
    "bold italic bold italic bold strikethrough italic bold strikethrough spoiler underline italic bold bold",
    "blockquote 0 103",
    "bold 0 103",
    "italic 5 93",
    "strikethrough 17 59",
    "spoiler 43 33",
    "underline 77 21",
  ],
  [">*b\n>ld \n>bo\n>ld*\nasd\ndef", "b\nld \nbo\nld\nasd\ndef", "blockquote 0 12", "bold 0 11"],
  ["*a\n>b\n>ld \n>bo\n>ld\nasd*\ndef", "a\nb\nld \nbo\nld\nasd\ndef", "bold 0 17", "blockquote 2 12"],
  [">`b\n>ld \n>bo\nld`\n>asd\ndef", "b\n>ld \n>bo\nld\nasd\ndef", "blockquote 0 18", "code 0 13"],
  ["`>b\n>ld \n>bo\nld`\n>asd\ndef", ">b\n>ld \n>bo\nld\nasd\ndef", "code 0 14", "blockquote 15 4"],
  [">\n1", "\n1", "blockquote 0 1"],
  [">\n\r>2", "\n\r2", "blockquote 0 1", "blockquote 2 1"],
  [">\n**>2", "\n2", "blockquote 0 1", "blockquote 1 1"],
  [">**\n>2", "\n2", "blockquote 0 2"],
  [">*abcd*", "abcd", "blockquote 0 4", "bold 0 4"],
  [">*abcd*\n", "abcd\n", "blockquote 0 5", "bold 0 4"],
  ["*>abcd\n*", "abcd\n", "blockquote 0 5", "bold 0 5"],
  [">asd\n>q||e||w||\nasdad", "asd\nqew\nasdad", "expandable_blockquote 0 8", "spoiler 5 1"],
  [">asd\n>q||ew||\nasdad", "asd\nqew\nasdad", "blockquote 0 8", "spoiler 5 2"],
  [">asd\r\n>q||e||w||\r\nasdad", "asd\r\nqew\r\nasdad", "expandable_blockquote 0 10", "spoiler 6 1"],
  [">asd\r\n>q||e||w||", "asd\r\nqew", "expandable_blockquote 0 8", "spoiler 6 1"],
  [">||", ""],
];

/** The old one has few rules, and no tests of tdlib's: these are its document's and its code's. */
const old: readonly Case[] = [
  ["*bold* _italic_ `code`", "bold italic code", "bold 0 4", "italic 5 6", "code 12 4"],
  ["[inline URL](http://www.example.com/)", "inline URL", "text_link 0 10 http://www.example.com/"],
  ["[Bob](tg://user?id=123456789)", "Bob", "text_mention 0 3 123456789"],
  ["```\nblock\n```", "block\n", "pre 0 6"],
  ["```python\nblock```", "block", "pre 0 5 python"],
  ["_snake_\\__case_", "snake_case", "italic 0 5", "italic 6 4"],
  ["*bold _not italic*", "bold _not italic", "bold 0 16"],
  ["a \\* b \\[ c \\` d \\_ \\e", "a * b [ c ` d _ \\e"],
  ["**", ""],
];

describe("parse_mode MarkdownV2", () => {
  for (const [source, words] of refused) {
    it(`refuses ${JSON.stringify(source)}`, () => {
      assert.throws(() => parseMarkdownV2(source), new EntityError(words));
    });
  }
  for (const [source, text, ...entities] of taken) {
    it(`reads ${JSON.stringify(source)}`, () => {
      const parsed = parseMarkdownV2(source);
      assert.equal(parsed.text, text);
      assert.deepEqual(shown(parsed.entities), entities);
    });
  }
  it("wants each reserved character escaped", () => {
    for (const char of "]()>#+-=|{}.!") {
      assert.equal(parseMarkdownV2(`\\${char}`).text, char);
      if (char === ">") continue;
      const words = `Character '${char}' is reserved and must be escaped with the preceding '\\'`;
      assert.throws(() => parseMarkdownV2(char), new EntityError(words));
    }
  });
});

describe("parse_mode Markdown", () => {
  for (const [source, text, ...entities] of old) {
    it(`reads ${JSON.stringify(source)}`, () => {
      const parsed = parseMarkdown(source);
      assert.equal(parsed.text, text);
      assert.deepEqual(shown(parsed.entities), entities);
    });
  }
  for (const [source, at] of [
    ["🏟 *a", 5],
    ["[a", 0],
    ["ab ```c", 3],
  ] as const) {
    it(`refuses ${JSON.stringify(source)}`, () => {
      const words = `Can't find end of the entity starting at byte offset ${at}`;
      assert.throws(() => parseMarkdown(source), new EntityError(words));
    });
  }
});
