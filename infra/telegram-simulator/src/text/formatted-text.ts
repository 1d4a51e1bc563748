import { badRequest } from "../refusal.ts";
import { findEntities } from "../world/entity.ts";
import type { Json } from "../world/message.ts";
import { parseHtml } from "./html.ts";
import { parseMarkdown } from "./markdown.ts";
import { parseMarkdownV2 } from "./markdown-v2.ts";

/** Offsets and lengths in UTF-16. */
export interface Entity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly [field: string]: unknown;
}

export interface FormattedText {
  readonly text: string;
  readonly entities: readonly Entity[];
}

export const textCharsMax = 4_096;
export const captionCharsMax = 1_024;
const entitiesMax = 100;

/** What one of the three markups or a list of entities makes of `text`. @throws Refusal in Telegram's words */
export function formatText(text: string, parseMode: string, given: unknown): FormattedText {
  const parsed = parse(text, parseMode, given);
  return trim({ text: parsed.text, entities: [...parsed.entities, ...found(parsed)].slice(0, entitiesMax) });
}

function parse(text: string, parseMode: string, given: unknown): FormattedText {
  switch (parseMode.toLowerCase()) {
    case "":
    case "none":
      return { text, entities: readEntities(text, given) };
    case "html":
      return parseHtml(text);
    case "markdown":
      return parseMarkdown(text);
    case "markdownv2":
      return parseMarkdownV2(text);
    default:
      throw badRequest("unsupported parse_mode");
  }
}

function readEntities(text: string, given: unknown): Entity[] {
  if (given === undefined) return [];
  if (!Array.isArray(given))
    throw badRequest("can't parse MessageEntity: expected an Array of MessageEntity");
  return given.flatMap((each: unknown) => {
    if (typeof each !== "object" || each === null) {
      throw badRequest("can't parse MessageEntity: expected an Object");
    }
    const { type, offset, length, ...more } = each as Json;
    if (typeof type !== "string") throw badRequest("can't parse MessageEntity: can't find field \"type\"");
    if (typeof offset !== "number" || typeof length !== "number") {
      throw badRequest("can't parse MessageEntity: can't find field \"offset\"");
    }
    // One that does not lie in the text is left out, as Telegram does.
    const isInside = offset >= 0 && length > 0 && offset + length <= text.length;
    return isInside ? [{ ...more, type, offset, length }] : [];
  });
}

/** Commands, mentions and addresses outside what is marked already. */
function found({ text, entities }: FormattedText): Entity[] {
  return (findEntities(text) as Entity[]).filter(
    (one) =>
      !entities.some(
        (each) => each.offset < one.offset + one.length && one.offset < each.offset + each.length,
      ),
  );
}

/** Without the white space at its ends. */
function trim({ text, entities }: FormattedText): FormattedText {
  const start = text.length - text.trimStart().length;
  const trimmed = text.trim();
  const moved = entities.flatMap((entity) => {
    const from = Math.max(entity.offset - start, 0);
    const to = Math.min(entity.offset + entity.length - start, trimmed.length);
    return to > from ? [{ ...entity, offset: from, length: to - from }] : [];
  });
  return { text: trimmed, entities: moved.toSorted((a, b) => a.offset - b.offset || b.length - a.length) };
}
