/** `parse_mode` HTML, with the rules and the words of tdlib (`MessageEntity.cpp`, parse_html). */
import type { Entity } from "@rookery/protocol";
import { byteOffset, EntityError, type FormattedText, isSpace, sortEntities } from "./formatted-text.ts";
import { checkedEmojiId, linkEntity } from "./link.ts";

/** The entity a tag makes; those of null need its argument. */
const tags: Readonly<Record<string, string | null>> = {
  a: null,
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  s: "strikethrough",
  strike: "strikethrough",
  del: "strikethrough",
  u: "underline",
  ins: "underline",
  "tg-spoiler": "spoiler",
  "tg-emoji": null,
  span: "spoiler",
  pre: null,
  code: null,
  blockquote: null,
};

const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };

interface OpenTag {
  readonly name: string;
  readonly argument: string;
  readonly offset: number;
}

/** @throws EntityError */
export function parseHtml(source: string): FormattedText {
  const entities: Entity[] = [];
  const open: OpenTag[] = [];
  let text = "";
  let i = 0;
  while (i < source.length) {
    const char = source[i] as string;
    const reference = char === "&" ? readReference(source, i) : null;
    if (reference !== null) {
      text += reference.char;
      i = reference.end;
    } else if (char !== "<") {
      text += char;
      i += 1;
    } else if (source[i + 1] === "/") {
      i = closeTag(source, i, { open, entities, text });
    } else {
      const tag = readTag(source, i);
      open.push({ name: tag.name, argument: tag.argument, offset: text.length });
      i = tag.end;
    }
  }
  const left = open.at(-1);
  if (left !== undefined) {
    throw new EntityError(`Can't find end tag corresponding to start tag "${left.name}"`);
  }
  if (!text.isWellFormed()) {
    throw new EntityError(
      "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units",
    );
  }
  // The language of code alone is nobody's to say.
  const plain = entities.map(({ language, ...entity }) =>
    language === undefined || entity.type === "code" ? entity : { ...entity, language },
  );
  return { text, entities: sortEntities(plain) };
}

/** `&lt;`, `&#60;` and `&#x3c;`, the semicolon left out or not; null for what Telegram does not know. */
function readReference(source: string, at: number): { readonly char: string; readonly end: number } | null {
  const [whole, hex, decimal, name] =
    /&(?:#x([0-9a-f]*)|#(\d*)|([a-z]*));?/iy.exec(source.slice(at, at + 40)) ?? [];
  if (whole === undefined) return null;
  const end = at + whole.length;
  if (name !== undefined) {
    const char = named[name];
    return char === undefined ? null : { char, end };
  }
  const code = hex === undefined ? Number.parseInt(decimal ?? "", 10) : Number.parseInt(hex, 16);
  const digitsEnd = whole.endsWith(";") ? whole.length - 1 : whole.length;
  if (Number.isNaN(code) || code === 0 || code >= 0x10ffff || digitsEnd >= 10) return null;
  return { char: String.fromCodePoint(code), end };
}

interface Tag {
  readonly name: string;
  readonly argument: string;
  readonly end: number;
}

function readTag(source: string, begin: number): Tag {
  const unclosed = (name = ""): EntityError =>
    new EntityError(`Unclosed start tag${name} at byte offset ${byteOffset(source, begin)}`);
  let i = begin + 1;
  while (!isSpace(source[i]) && source[i] !== ">") i += 1;
  if (i >= source.length) throw unclosed();
  const name = source.slice(begin + 1, i).toLowerCase();
  if (!Object.hasOwn(tags, name)) {
    throw new EntityError(`Unsupported start tag "${name}" at byte offset ${byteOffset(source, begin)}`);
  }
  let argument = "";
  while (source[i] !== ">") {
    i = skipSpaces(source, i);
    if (source[i] === ">") break;
    const nameBegin = i;
    while (!isSpace(source[i]) && source[i] !== "=" && source[i] !== ">") i += 1;
    const attribute = source.slice(nameBegin, i);
    if (attribute === "") {
      throw new EntityError(
        `Empty attribute name in the tag "${name}" at byte offset ${byteOffset(source, begin)}`,
      );
    }
    i = skipSpaces(source, i);
    let value = "";
    if (source[i] === "=") {
      i = skipSpaces(source, i + 1);
      if (i >= source.length) throw unclosed(` "${name}"`);
      const read = readValue(source, i);
      value = read.value;
      i = read.end;
    }
    if (i >= source.length) throw unclosed();
    argument = argumentOf(name, attribute, value) ?? argument;
  }
  if (name === "span" && argument !== "spoiler") {
    throw new EntityError(
      `Tag "span" must have class "tg-spoiler" at byte offset ${byteOffset(source, begin)}`,
    );
  }
  return { name, argument, end: i + 1 };
}

function readValue(source: string, begin: number): { readonly value: string; readonly end: number } {
  const quote = source[begin];
  let i = begin;
  if (quote !== "'" && quote !== '"') {
    while (/[a-z0-9.-]/i.test(source[i] ?? "")) i += 1;
    if (!isSpace(source[i]) && source[i] !== ">") {
      throw new EntityError(`Unexpected end of name token at byte offset ${byteOffset(source, begin)}`);
    }
    return { value: source.slice(begin, i).toLowerCase(), end: i };
  }
  let value = "";
  i += 1;
  while (i < source.length && source[i] !== quote) {
    const reference = source[i] === "&" ? readReference(source, i) : null;
    value += reference === null ? source[i] : reference.char;
    i = reference === null ? i + 1 : reference.end;
  }
  return { value, end: i + 1 };
}

/** What an attribute says of its tag; null: nothing. */
function argumentOf(tag: string, attribute: string, value: string): string | null {
  if (tag === "a" && attribute === "href") return value;
  if (tag === "code" && attribute === "class" && value.startsWith("language-")) return value.slice(9);
  if (tag === "span" && attribute === "class" && value.startsWith("tg-")) return value.slice(3);
  if (tag === "tg-emoji" && attribute === "emoji-id") return value;
  if (tag === "blockquote" && attribute === "expandable") return "1";
  return null;
}

function closeTag(
  source: string,
  begin: number,
  { open, entities, text }: { open: OpenTag[]; entities: Entity[]; text: string },
): number {
  const tag = open.at(-1);
  const at = byteOffset(source, begin);
  if (tag === undefined) throw new EntityError(`Unexpected end tag at byte offset ${at}`);
  let i = begin + 2;
  while (!isSpace(source[i]) && source[i] !== ">") i += 1;
  const name = source.slice(begin + 2, i).toLowerCase();
  i = skipSpaces(source, i);
  if (source[i] !== ">") throw new EntityError(`Unclosed end tag at byte offset ${at}`);
  if (name !== "" && name !== tag.name) {
    throw new EntityError(
      `Unmatched end tag at byte offset ${at}, expected "</${tag.name}>", found "</${name}>"`,
    );
  }
  open.pop();
  if (text.length > tag.offset) append(entities, tag, text);
  return i + 1;
}

function append(entities: Entity[], { name, argument, offset }: OpenTag, text: string): void {
  const place = { offset, length: text.length - offset };
  const last = entities.at(-1);
  const isSame = last !== undefined && last.offset === offset && last.length === place.length;
  switch (name) {
    case "a": {
      const link = linkEntity(argument === "" ? text.slice(offset) : argument);
      if (link !== null) entities.push({ ...place, ...link });
      return;
    }
    case "tg-emoji":
      entities.push({ type: "custom_emoji", ...place, customEmojiId: checkedEmojiId(argument) });
      return;
    case "blockquote":
      entities.push({ type: argument === "" ? "blockquote" : "expandable_blockquote", ...place });
      return;
    // Code in a pre, or a pre in code, of the same span is one block with its language.
    case "pre":
      if (isSame && last.type === "code" && last.language !== undefined) {
        entities[entities.length - 1] = { ...last, type: "pre" };
      } else entities.push({ type: "pre", ...place });
      return;
    case "code":
      if (isSame && last.type === "pre" && last.language === undefined && argument !== "") {
        entities[entities.length - 1] = { ...last, language: argument };
      } else entities.push({ type: "code", ...place, ...(argument === "" ? {} : { language: argument }) });
      return;
    default:
      entities.push({ type: tags[name] ?? name, ...place });
  }
}

function skipSpaces(source: string, at: number): number {
  let i = at;
  while (i < source.length && isSpace(source[i])) i += 1;
  return i;
}
