import { badRequest } from "../refusal.ts";
import type { Entity, FormattedText } from "./formatted-text.ts";

const types: Readonly<Record<string, string>> = { _: "italic", "*": "bold", "`": "code", "[": "text_link" };

/** The old Markdown, which nests nothing. @throws Refusal in Telegram's words. Source: td, parse_markdown */
export function parseMarkdown(source: string): FormattedText {
  const entities: Entity[] = [];
  let text = "";
  let at = 0;
  while (at < source.length) {
    const char = source.charAt(at);
    if (char === "\\" && /[_*`[]/.test(source.charAt(at + 1))) {
      text += source.charAt(at + 1);
      at += 2;
      continue;
    }
    if (types[char] === undefined) {
      text += char;
      at++;
      continue;
    }
    const mark = source.startsWith("```", at) ? "```" : char === "[" ? "]" : char;
    const begin = at + (mark === "```" ? 3 : 1);
    const end = source.indexOf(mark, begin);
    if (end < 0) {
      const offset = Buffer.byteLength(source.slice(0, at));
      throw badRequest(
        `can't parse entities: Can't find end of the entity starting at byte offset ${offset}`,
      );
    }
    const inner = source.slice(begin, end);
    const place = { offset: text.length, length: inner.length };
    at = end + mark.length;
    text += inner;
    const url = char === "[" ? /^\(([^)]*)\)/.exec(source.slice(at)) : null;
    if (url !== null) at += url[0].length;
    if (inner === "" || (char === "[" && !url?.[1])) continue;
    if (mark === "```") entities.push({ type: "pre", ...place });
    else entities.push({ type: types[char] ?? "", ...place, ...(char === "[" ? { url: url?.[1] } : {}) });
  }
  return { text, entities };
}
