import { badRequest } from "../refusal.ts";
import type { Entity, FormattedText } from "./formatted-text.ts";

interface Open {
  readonly mark: string;
  readonly type: string;
  readonly at: number;
  readonly byteOffset: number;
}

/** The longest mark first: `__` is always underline. Names as Telegram's errors say them. */
const marks = [
  { mark: "```", type: "pre", name: "Pre" },
  { mark: "||", type: "spoiler", name: "Spoiler" },
  { mark: "__", type: "underline", name: "Underline" },
  { mark: "_", type: "italic", name: "Italic" },
  { mark: "*", type: "bold", name: "Bold" },
  { mark: "~", type: "strikethrough", name: "Strikethrough" },
  { mark: "`", type: "code", name: "Code" },
  { mark: "![", type: "custom_emoji", name: "CustomEmoji" },
  { mark: "[", type: "text_link", name: "TextUrl" },
] as const;
const reserved = new Set("_*[]()~`>#+-=|{}.!");
const quoteMark = ">";

/** @throws Refusal in Telegram's words. Source: td, MessageEntity.cpp, parse_markdown_v2 */
export function parseMarkdownV2(source: string): FormattedText {
  const entities: Entity[] = [];
  const stack: Open[] = [];
  let text = "";
  let at = 0;
  let quoteAt = -1;
  const bytes = (): number => Buffer.byteLength(source.slice(0, at));
  const add = (type: string, from: number, more: object = {}): void => {
    if (text.length > from) entities.push({ type, offset: from, length: text.length - from, ...more });
  };

  while (at < source.length) {
    const char = source.charAt(at);
    const top = stack.at(-1);
    const isVerbatim = top?.mark === "`" || top?.mark === "```";
    const isLineStart = at === 0 || source.charAt(at - 1) === "\n";
    if (char === "\\" && at + 1 < source.length && source.charCodeAt(at + 1) <= 126) {
      text += source.charAt(at + 1);
      at += 2;
    } else if (isVerbatim) {
      if (source.startsWith(top.mark, at)) {
        stack.pop();
        at += top.mark.length;
        const language = top.mark === "```" ? /^([^\s`]+)\n/.exec(text.slice(top.at)) : null;
        if (language?.[1] !== undefined)
          text = text.slice(0, top.at) + text.slice(top.at + language[0].length);
        add(top.type, top.at, language?.[1] === undefined ? {} : { language: language[1] });
      } else {
        text += char;
        at++;
      }
    } else if (char === quoteMark && isLineStart) {
      if (quoteAt < 0) quoteAt = text.length;
      at++;
    } else if (char === "]" && (top?.mark === "[" || top?.mark === "![")) {
      stack.pop();
      at++;
      const target = /^\(((?:\\.|[^)\\])*)\)/.exec(source.slice(at));
      if (target !== null) at += target[0].length;
      const url = (target?.[1] ?? "").replaceAll(/\\(.)/g, "$1");
      const emoji = /^tg:\/\/emoji\?id=(\d+)$/.exec(url)?.[1];
      if (top.mark === "![") {
        if (emoji === undefined) throw fault("Custom emoji entity must contain a tg://emoji URL");
        add(top.type, top.at, { custom_emoji_id: emoji });
      } else if (url !== "") add(top.type, top.at, { url });
    } else {
      const found = marks.find(({ mark }) => source.startsWith(mark, at));
      if (found !== undefined && top?.mark === found.mark) {
        stack.pop();
        at += found.mark.length;
        add(found.type, top.at);
      } else if (found !== undefined) {
        stack.push({ mark: found.mark, type: found.type, at: text.length, byteOffset: bytes() });
        at += found.mark.length;
      } else {
        if (reserved.has(char)) {
          throw fault(`Character '${char}' is reserved and must be escaped with the preceding '\\'`);
        }
        // A quotation ends with the line that the next line does not continue.
        if (char === "\n" && quoteAt >= 0 && source.charAt(at + 1) !== quoteMark) {
          add("blockquote", quoteAt);
          quoteAt = -1;
        }
        text += char;
        at++;
      }
    }
  }
  const left = stack.at(-1);
  if (left !== undefined) {
    const name = marks.find(({ mark }) => mark === left.mark)?.name ?? left.type;
    throw fault(`Can't find end of ${name} entity at byte offset ${left.byteOffset}`);
  }
  if (quoteAt >= 0) add("blockquote", quoteAt);
  return { text, entities };
}

function fault(reason: string): Error {
  return badRequest(`can't parse entities: ${reason}`);
}
