/** `parse_mode` Markdown, the old one: nothing nests (tdlib, parse_markdown). */
import type { Entity } from "@rookery/protocol";
import { byteOffset, EntityError, type FormattedText, isSpace } from "./formatted-text.ts";
import { linkEntity } from "./link.ts";

const types: Readonly<Record<string, string>> = { _: "italic", "*": "bold", "`": "code" };

/** @throws EntityError */
export function parseMarkdown(source: string): FormattedText {
  const entities: Entity[] = [];
  let text = "";
  let i = 0;
  while (i < source.length) {
    const char = source[i] as string;
    if (char === "\\" && "_*`[".includes(source[i + 1] ?? "\0")) {
      text += source[i + 1];
      i += 2;
      continue;
    }
    if (!"_*`[".includes(char)) {
      text += char;
      i += 1;
      continue;
    }
    const begin = i;
    const offset = text.length;
    const isPre = source.startsWith("```", i);
    const { language, start } = isPre ? readFence(source, i + 3) : { language: "", start: i + 1 };
    const ending = isPre ? "```" : char === "[" ? "]" : char;
    const end = source.indexOf(ending, start);
    if (end === -1) {
      const at = byteOffset(source, begin);
      throw new EntityError(`Can't find end of the entity starting at byte offset ${at}`);
    }
    text += source.slice(start, end);
    i = end + ending.length;
    const place = { offset, length: text.length - offset };
    if (place.length === 0) continue;
    if (char !== "[") {
      const type = isPre ? "pre" : (types[char] as string);
      entities.push({ type, ...place, ...(language === "" ? {} : { language }) });
      continue;
    }
    let link = source.slice(start, end);
    if (source[i] === "(") {
      const urlEnd = source.indexOf(")", i);
      link = source.slice(i + 1, urlEnd === -1 ? source.length : urlEnd);
      i = urlEnd === -1 ? source.length : urlEnd + 1;
    }
    const entity = linkEntity(link);
    if (entity !== null) entities.push({ ...place, ...entity });
  }
  return { text, entities };
}

/** Behind the three marks of a block: its language, and a line break that is none of its text's. */
export function readFence(source: string, at: number): { readonly language: string; readonly start: number } {
  let end = at;
  while (!isSpace(source[end]) && source[end] !== "`") end += 1;
  const hasLanguage = end !== at && end < source.length && source[end] !== "`";
  let start = hasLanguage ? end : at;
  const [one, other] = [source[start], source[start + 1]];
  const isBreak = (char: string | undefined): boolean => char === "\n" || char === "\r";
  if (isBreak(one)) start += isBreak(other) && one !== other ? 2 : 1;
  return { language: hasLanguage ? source.slice(at, end) : "", start };
}
