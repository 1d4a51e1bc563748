import { badRequest } from "../refusal.ts";
import type { Entity, FormattedText } from "./formatted-text.ts";

const types: Readonly<Record<string, string>> = {
  a: "text_link",
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  u: "underline",
  ins: "underline",
  s: "strikethrough",
  strike: "strikethrough",
  del: "strikethrough",
  span: "spoiler",
  "tg-spoiler": "spoiler",
  "tg-emoji": "custom_emoji",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
};
const characters: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };

interface Open {
  readonly tag: string;
  readonly at: number;
  readonly attributes: ReadonlyMap<string, string>;
}

const tagPattern = /<(?<end>\/?)(?<tag>[A-Za-z][A-Za-z0-9-]*)(?<rest>[^<>]*)>/y;
const referencePattern = /&(?:#(?<decimal>\d{1,7})|#x(?<hex>[\da-fA-F]{1,6})|(?<name>[a-z]{2,4}));/y;
const attributePattern = /([A-Za-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

/** @throws Refusal in Telegram's words. Source: td, MessageEntity.cpp, parse_html */
export function parseHtml(source: string): FormattedText {
  const entities: Entity[] = [];
  const stack: Open[] = [];
  let text = "";
  let at = 0;
  const offset = (): number => Buffer.byteLength(source.slice(0, at));

  while (at < source.length) {
    const char = source.charAt(at);
    if (char === "&") {
      referencePattern.lastIndex = at;
      const match = referencePattern.exec(source);
      const value = match?.groups === undefined ? undefined : decode(match.groups);
      text += value ?? "&";
      at += value === undefined ? 1 : (match?.[0].length ?? 1);
      continue;
    }
    if (char !== "<") {
      text += char;
      at++;
      continue;
    }
    tagPattern.lastIndex = at;
    const match = tagPattern.exec(source);
    if (match?.groups === undefined) throw fault(`Unclosed start tag at byte offset ${offset()}`);
    const { end = "", tag: written = "", rest = "" } = match.groups;
    const tag = written.toLowerCase();
    if (end === "/") {
      const open = stack.pop();
      if (open === undefined) throw fault(`Unexpected end tag at byte offset ${offset()}`);
      if (open.tag !== tag) {
        throw fault(
          `Unmatched end tag at byte offset ${offset()}, expected "</${open.tag}>", found "</${tag}>"`,
        );
      }
      const entity = close(open, text);
      if (entity !== null) entities.push(entity);
    } else {
      if (types[tag] === undefined) throw fault(`Unsupported start tag "${tag}" at byte offset ${offset()}`);
      const attributes = readAttributes(rest);
      if (tag === "span" && attributes.get("class") !== "tg-spoiler") {
        throw fault(`Tag "span" must have class "tg-spoiler" at byte offset ${offset()}`);
      }
      stack.push({ tag, at: text.length, attributes });
    }
    at += match[0].length;
  }
  const left = stack.at(-1);
  if (left !== undefined) throw fault(`Can't find end tag corresponding to start tag "${left.tag}"`);
  return { text, entities };
}

function close({ tag, at, attributes }: Open, text: string): Entity | null {
  const length = text.length - at;
  if (length === 0) return null;
  const type = types[tag] ?? tag;
  if (tag === "a") {
    const url = attributes.get("href") ?? text.slice(at);
    // A link to nowhere is plain text.
    return /^(?:https?|tg|mailto|tel):|^[\w-]+\./i.test(url) ? { type, offset: at, length, url } : null;
  }
  if (tag === "tg-emoji")
    return { type, offset: at, length, custom_emoji_id: attributes.get("emoji-id") ?? "" };
  if (tag === "blockquote" && attributes.has("expandable")) {
    return { type: "expandable_blockquote", offset: at, length };
  }
  return { type, offset: at, length };
}

function readAttributes(rest: string): Map<string, string> {
  const pairs = [...rest.matchAll(attributePattern)].map(
    ([, name = "", ...values]) =>
      [name.toLowerCase(), values.find((value) => value !== undefined) ?? ""] as const,
  );
  return new Map(pairs);
}

function decode(groups: Readonly<Record<string, string | undefined>>): string | undefined {
  const { decimal, hex, name } = groups;
  if (name !== undefined) return characters[name];
  const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
  return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : undefined;
}

function fault(reason: string): Error {
  return badRequest(`can't parse entities: ${reason}`);
}
