/** What Telegram sees in plain text by itself: mentions, commands, hashtags, cashtags, links, addresses. */
import type { Entity } from "@rookery/protocol";
import { findUrls } from "./found-url.ts";

const word = String.raw`\p{L}\p{N}_`;
/** Telegram's rules, as tdlib has them; a joiner (U+200C) is part of a hashtag. */
const patterns: readonly (readonly [type: string, pattern: RegExp])[] = [
  ["mention", new RegExp(String.raw`(?<![${word}])@([a-zA-Z0-9_]{2,32})(?![${word}])`, "gu")],
  [
    "bot_command",
    new RegExp(
      String.raw`(?<![${word}/<>])/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?(?![${word}/<>])`,
      "gu",
    ),
  ],
  ["hashtag", new RegExp(String.raw`(?<![${word}\u200c])#[${word}\u200c]{1,256}(?![${word}\u200c]*#)`, "gu")],
  ["cashtag", new RegExp(String.raw`(?<![$${word}\u200c])\$(?:1INCH|[A-Z]{1,8})(?![$${word}\u200c])`, "gu")],
];
/** Names shorter than four that are somebody's. */
const shortNames: ReadonlySet<string> = new Set(["gif", "wiki", "vid", "bing", "pic", "bold", "imdb", "ya"]);

/** By place; none of them overlap. */
export function findEntities(text: string): Entity[] {
  const found: Entity[] = [];
  for (const [type, pattern] of patterns) {
    for (const match of text.matchAll(pattern)) {
      if (type === "mention" && (match[1] ?? "").length < 4 && !shortNames.has(match[1] ?? "")) continue;
      if (type === "hashtag" && !/\p{L}/u.test(match[0])) continue;
      found.push({ type, offset: match.index, length: match[0].length });
    }
  }
  if (/[.:]/.test(text)) found.push(...findUrls(text));
  const kept: Entity[] = [];
  for (const entity of found.toSorted(
    (one, other) => one.offset - other.offset || other.length - one.length,
  )) {
    const last = kept.at(-1);
    if (last === undefined || last.offset + last.length <= entity.offset) kept.push(entity);
  }
  return kept;
}
