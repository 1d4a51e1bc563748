/** `parse_mode` MarkdownV2 (tdlib, parse_markdown_v2). */
import type { Entity } from "@rookery/protocol";
import { byteOffset, EntityError, type FormattedText, sortEntities } from "./formatted-text.ts";
import { customEmojiOf, linkEntity } from "./link.ts";
import { readFence } from "./markdown.ts";

const reserved = "_*[]()~`>#+-=|{}.!\n";

/** As tdlib names them where one has no end. */
type Kind =
  | "Bold"
  | "Italic"
  | "Underline"
  | "Strikethrough"
  | "Spoiler"
  | "Code"
  | "Pre"
  | "PreCode"
  | "TextUrl"
  | "CustomEmoji"
  | "BlockQuote";

const types: Readonly<Record<Exclude<Kind, "TextUrl" | "CustomEmoji" | "BlockQuote">, string>> = {
  Bold: "bold",
  Italic: "italic",
  Underline: "underline",
  Strikethrough: "strikethrough",
  Spoiler: "spoiler",
  Code: "code",
  Pre: "pre",
  PreCode: "pre",
};

/** What ends an entity. A single `_` does only where no second one follows. */
const endings: Readonly<Record<Exclude<Kind, "BlockQuote">, string>> = {
  Bold: "*",
  Italic: "_",
  Underline: "__",
  Strikethrough: "~",
  Spoiler: "||",
  Code: "`",
  Pre: "```",
  PreCode: "```",
  TextUrl: "]",
  CustomEmoji: "]",
};

interface Open {
  readonly kind: Kind;
  readonly language: string;
  readonly offset: number;
  /** In the source. */
  readonly begin: number;
}

/** @throws EntityError */
export function parseMarkdownV2(source: string): FormattedText {
  return new Parser(source).parse();
}

class Parser {
  readonly #source: string;
  readonly #entities: Entity[] = [];
  readonly #open: Open[] = [];
  #text = "";
  #i = 0;
  #isQuoting = false;
  /** Nothing that shows stands before it in its line. */
  #mayQuote = true;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): FormattedText {
    const source = this.#source;
    while (this.#i < source.length) {
      const char = source[this.#i] as string;
      const escaped = source.charCodeAt(this.#i + 1);
      if (char === "\\" && escaped > 0 && escaped <= 126) {
        this.#text += source[this.#i + 1];
        this.#i += 2;
        this.#mayQuote = false;
      } else if (!this.#isReserved(char)) {
        this.#text += char;
        this.#i += 1;
        if (char !== "\r") this.#mayQuote = false;
      } else if (this.#isEnd(char)) this.#end(char);
      else this.#begin(char);
    }
    if (this.#isQuoting) this.#endQuote(null);
    const left = this.#open.at(-1);
    if (left !== undefined) throw this.#endless(left);
    return { text: this.#text, entities: sortEntities(this.#entities) };
  }

  #isReserved(char: string): boolean {
    const { kind } = this.#open.at(-1) ?? {};
    return kind === "Code" || kind === "Pre" || kind === "PreCode" ? char === "`" : reserved.includes(char);
  }

  #isEnd(char: string): boolean {
    const last = this.#open.at(-1);
    if (last === undefined) return false;
    if (this.#isQuoting && char === "\n" && this.#source[this.#i + 1] !== ">") return true;
    if (last.kind === "BlockQuote") return false;
    if (last.kind === "Italic") return char === "_" && this.#source[this.#i + 1] !== "_";
    return this.#source.startsWith(endings[last.kind], this.#i);
  }

  #begin(char: string): void {
    const source = this.#source;
    const begin = this.#i;
    const open = (kind: Kind, length: number, language = ""): void => {
      this.#i += length;
      this.#open.push({ kind, language, offset: this.#text.length, begin });
    };
    const next = source[begin + 1];
    switch (char) {
      case "_":
        return next === "_" ? open("Underline", 2) : open("Italic", 1);
      case "*":
        return open("Bold", 1);
      case "~":
        return open("Strikethrough", 1);
      case "[":
        return open("TextUrl", 1);
      case "`": {
        if (!source.startsWith("```", begin)) return open("Code", 1);
        const { language, start } = readFence(source, begin + 3);
        return open(language === "" ? "Pre" : "PreCode", start - begin, language);
      }
      case "|":
        if (next === "|") return open("Spoiler", 2);
        break;
      case "!":
        if (next === "[") return open("CustomEmoji", 2);
        break;
      case "\n":
        this.#text += "\n";
        this.#i += 1;
        this.#mayQuote = true;
        // The quote goes on: its mark is none of its text.
        if (this.#isQuoting) this.#i += 1;
        return;
      case ">":
        if (!this.#mayQuote || this.#isQuoting) break;
        this.#isQuoting = true;
        return open("BlockQuote", 1);
      default:
    }
    throw new EntityError(`Character '${char}' is reserved and must be escaped with the preceding '\\'`);
  }

  #end(char: string): void {
    if (char === "\n") {
      this.#endQuote("\n");
      this.#i += 1;
      this.#mayQuote = true;
      return;
    }
    const last = this.#open.pop() as Open;
    const kind = last.kind as Exclude<Kind, "BlockQuote">;
    this.#i += endings[kind].length;
    const place = { offset: last.offset, length: this.#text.length - last.offset };
    if (kind === "TextUrl") {
      const isNamed = this.#source[this.#i] === "(";
      const entity = linkEntity(isNamed ? this.#readLink("a URL") : this.#text.slice(last.offset));
      if (entity !== null && place.length > 0) this.#entities.push({ ...place, ...entity });
      return;
    }
    if (kind === "CustomEmoji") {
      if (this.#source[this.#i] !== "(") {
        throw new EntityError("Custom emoji entity must contain a tg://emoji URL");
      }
      const customEmojiId = customEmojiOf(this.#readLink("a custom emoji URL"));
      if (place.length > 0) this.#entities.push({ type: "custom_emoji", ...place, customEmojiId });
      return;
    }
    const { language } = last;
    if (place.length > 0) {
      this.#entities.push({ type: types[kind], ...place, ...(language === "" ? {} : { language }) });
    }
  }

  /** A quote ends with its line, which is its own; two bars before that make it expandable. */
  #endQuote(lineBreak: "\n" | null): void {
    let last = this.#open.at(-1);
    let type = "blockquote";
    const bars = last?.kind === "Spoiler" ? this.#text.slice(last.offset) : null;
    if (bars === "" || bars === "\r") {
      type = "expandable_blockquote";
      this.#open.pop();
      last = this.#open.at(-1);
    }
    if (last?.kind !== "BlockQuote") {
      if (last === undefined || lineBreak !== null)
        throw this.#endless(last ?? { kind: "BlockQuote", begin: 0 });
      return;
    }
    this.#open.pop();
    this.#isQuoting = false;
    if (lineBreak !== null) this.#text += lineBreak;
    const length = this.#text.length - last.offset;
    if (length > 0) this.#entities.push({ type, offset: last.offset, length });
  }

  /** From the bracket on to behind its end. */
  #readLink(what: string): string {
    const source = this.#source;
    const begin = this.#i + 1;
    let link = "";
    let i = begin;
    while (i < source.length && source[i] !== ")") {
      const escaped = source.charCodeAt(i + 1);
      const skips = source[i] === "\\" && escaped > 0 && escaped <= 126 ? 1 : 0;
      link += source[i + skips];
      i += 1 + skips;
    }
    if (i >= source.length) {
      throw new EntityError(`Can't find end of ${what} at byte offset ${byteOffset(source, begin)}`);
    }
    this.#i = i + 1;
    return link;
  }

  #endless({ kind, begin }: Pick<Open, "kind" | "begin">): EntityError {
    const at = byteOffset(this.#source, begin);
    return new EntityError(`Can't find end of ${kind} entity at byte offset ${at}`);
  }
}
