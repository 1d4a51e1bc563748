import type { Json } from "./message.ts";

const commandPattern = /(?<![\w/])\/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?!\w)/g;
const mentionPattern = /(?<!\w)@\w{4,32}/g;
const urlPattern = /https?:\/\/[^\s<>]+/g;

/** What Telegram finds in a text that carries no formatting of its own. Offsets in UTF-16. */
export function findEntities(text: string): Json[] {
  const found = [
    ...spans(text, commandPattern, "bot_command"),
    ...spans(text, mentionPattern, "mention"),
    ...spans(text, urlPattern, "url"),
  ];
  return found.toSorted((a, b) => a.offset - b.offset);
}

function spans(
  text: string,
  pattern: RegExp,
  type: string,
): { type: string; offset: number; length: number }[] {
  return [...text.matchAll(pattern)].map((match) => ({ type, offset: match.index, length: match[0].length }));
}
