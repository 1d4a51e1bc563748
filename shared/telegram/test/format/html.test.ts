/** The cases are tdlib's own (test/message_entities.cpp). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EntityError } from "../../src/format/formatted-text.ts";
import { parseHtml } from "../../src/format/html.ts";
import { shown } from "./case.ts";

const surrogates =
  "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units";

const refused: readonly (readonly [source: string, words: string])[] = [
  ["&#57311;", surrogates],
  ["&#xDFDF;", surrogates],
  ["&#xDFDF", surrogates],
  ["🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"],
  ["🏟 🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 13'],
  ["🏟 🏟&lt;<abac>", 'Unsupported start tag "abac" at byte offset 13'],
  ["🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'],
  ["🏟 🏟&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'],
  ["🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'],
  ["🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"],
  ['🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"],
  ["🏟 🏟&lt;<i    aba  =  '&lt;&gt;&quot;>", "Unclosed start tag at byte offset 13"],
  ["🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"],
  ["🏟 🏟&lt;<b></b></", "Unexpected end tag at byte offset 20"],
  ["🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"],
  ["🏟 🏟&lt;<i>a</em   >", 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"'],
  ["<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
  ["<tg-emoji emoji-id=x>a</tg-emoji>", "Invalid custom emoji identifier specified"],
];

const taken: readonly (readonly [source: string, text: string, ...entities: string[]])[] = [
  ["", ""],
  ["➡️ ➡️", "➡️ ➡️"],
  ["&ge;&lt;&gt;&amp;&quot;&laquo;&raquo;&#12345678;", '&ge;<>&"&laquo;&raquo;&#12345678;'],
  ["&Or;", "&Or;"],
  ["➡️ ➡️<i>➡️ ➡️</i>", "➡️ ➡️➡️ ➡️", "italic 5 5"],
  ["➡️ ➡️<em>➡️ ➡️</em>", "➡️ ➡️➡️ ➡️", "italic 5 5"],
  ["➡️ ➡️<strong>➡️ ➡️</strong>", "➡️ ➡️➡️ ➡️", "bold 5 5"],
  ["➡️ ➡️<ins>➡️ ➡️</ins>", "➡️ ➡️➡️ ➡️", "underline 5 5"],
  ["➡️ ➡️<strike>➡️ ➡️</strike>", "➡️ ➡️➡️ ➡️", "strikethrough 5 5"],
  ["➡️ ➡️<del>➡️ ➡️</del>", "➡️ ➡️➡️ ➡️", "strikethrough 5 5"],
  ["➡️ ➡️<blockquote>➡️ ➡️</blockquote>", "➡️ ➡️➡️ ➡️", "blockquote 5 5"],
  ["➡️ ➡️<i>➡️ ➡️</i><b>➡️ ➡️</b>", "➡️ ➡️➡️ ➡️➡️ ➡️", "italic 5 5", "bold 10 5"],
  ["🏟 🏟<i>🏟 &lt🏟</i>", "🏟 🏟🏟 <🏟", "italic 5 6"],
  ["🏟 🏟<i>🏟 &gt;<b aba   =   caba>&lt🏟</b></i>", "🏟 🏟🏟 ><🏟", "italic 5 7", "bold 9 3"],
  ["🏟 🏟&lt;<i    aba  =  190azAz-.   >a</i>", "🏟 🏟<a", "italic 6 1"],
  ['🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;">a</i>', "🏟 🏟<a", "italic 6 1"],
  ["🏟 🏟&lt;<i    aba  =  '&lt;&gt;&quot;'>a</>", "🏟 🏟<a", "italic 6 1"],
  ["🏟 🏟&lt;<i>🏟 🏟&lt;</>", "🏟 🏟<🏟 🏟<", "italic 6 6"],
  ["🏟 🏟&lt;<i>a</    >", "🏟 🏟<a", "italic 6 1"],
  ["🏟 🏟&lt;<i>a</i   >", "🏟 🏟<a", "italic 6 1"],
  ["🏟 🏟&lt;<b></b>", "🏟 🏟<"],
  ["<i>\t</i>", "\t", "italic 0 1"],
  ['🏟 🏟<span class="tg-spoiler">🏟 &lt🏟</span>', "🏟 🏟🏟 <🏟", "spoiler 5 6"],
  ["🏟 🏟<tg-spoiler>🏟 &lt🏟</tg-spoiler>", "🏟 🏟🏟 <🏟", "spoiler 5 6"],
  ["<a href=telegram.org>\t</a>", "\t", "text_link 0 1 http://telegram.org/"],
  [
    "<code><i><b> </b></i></code><i><b><code> </code></b></i>",
    "  ",
    "code 0 1",
    "bold 0 1",
    "italic 0 1",
    "code 1 1",
    "bold 1 1",
    "italic 1 1",
  ],
  ["<i><b> </b> <code> </code></i>", "   ", "italic 0 3", "bold 0 1", "code 2 1"],
  ['<a href  ="telegram.org"   > </a>', " ", "text_link 0 1 http://telegram.org/"],
  ["<a   href=  'telegram.org?&lt;'   > </a>", " ", "text_link 0 1 http://telegram.org/?<"],
  ["<a> </a>", " "],
  ["<a>telegram.org </a>", "telegram.org "],
  ["<a>telegram.org</a>", "telegram.org", "text_link 0 12 http://telegram.org/"],
  ['<a href="tg://user?id=123456">Bob</a>', "Bob", "text_mention 0 3 123456"],
  [
    "<a>https://telegram.org/asdsa?asdasdwe#12e3we</a>",
    "https://telegram.org/asdsa?asdasdwe#12e3we",
    "text_link 0 42 https://telegram.org/asdsa?asdasdwe#12e3we",
  ],
  ["🏟 🏟&lt;<pre  >🏟 🏟&lt;</>", "🏟 🏟<🏟 🏟<", "pre 6 6"],
  ["🏟 🏟&lt;<code >🏟 🏟&lt;</>", "🏟 🏟<🏟 🏟<", "code 6 6"],
  ["🏟 🏟&lt;<pre><code>🏟 🏟&lt;</code></>", "🏟 🏟<🏟 🏟<", "pre 6 6", "code 6 6"],
  ['🏟 🏟&lt;<pre><code class="language-">🏟 🏟&lt;</code></>', "🏟 🏟<🏟 🏟<", "pre 6 6", "code 6 6"],
  ['🏟 🏟&lt;<pre><code class="language-fift">🏟 🏟&lt;</></>', "🏟 🏟<🏟 🏟<", "pre 6 6 fift"],
  ['🏟 🏟&lt;<code class="language-fift"><pre>🏟 🏟&lt;</></>', "🏟 🏟<🏟 🏟<", "pre 6 6 fift"],
  ['🏟 🏟&lt;<pre> <code class="language-fift">🏟 🏟&lt;</></>', "🏟 🏟< 🏟 🏟<", "pre 6 7", "code 7 6"],
  ['🏟 🏟<tg-emoji emoji-id="54321">🏟 &lt🏟</tg-emoji>', "🏟 🏟🏟 <🏟", "custom_emoji 5 6 54321"],
  [
    '🏟 🏟<b aba   =   caba><tg-emoji emoji-id="1">🏟</tg-emoji>1</b>',
    "🏟 🏟🏟1",
    "bold 5 3",
    "custom_emoji 5 2 1",
  ],
  [
    '<blockquote   cite="" askdlbas nasjdbaj nj12b3>a&lt;<pre  >b;</></>',
    "a<b;",
    "blockquote 0 4",
    "pre 2 2",
  ],
  ["<blockquote   expandable>a&lt;<pre  >b;</></>", "a<b;", "expandable_blockquote 0 4", "pre 2 2"],
  ["<blockquote   expandable   asd>a</>", "a", "expandable_blockquote 0 1"],
  ["<blockquote   expandable=false>a</>", "a", "expandable_blockquote 0 1"],
];

describe("parse_mode HTML", () => {
  for (const [source, words] of refused) {
    it(`refuses ${JSON.stringify(source)}`, () => {
      assert.throws(() => parseHtml(source), new EntityError(words));
    });
  }
  for (const [source, text, ...entities] of taken) {
    it(`reads ${JSON.stringify(source)}`, () => {
      const parsed = parseHtml(source);
      assert.equal(parsed.text, text);
      assert.deepEqual(shown(parsed.entities), entities);
    });
  }
});
