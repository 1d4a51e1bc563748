import type { Entity } from "@rookery/protocol";

/** A text and what spans of it are; offsets and lengths count UTF-16 units. */
export interface FormattedText {
  readonly text: string;
  readonly entities: readonly Entity[];
}

/** A text that is marked up wrongly, in Telegram's own words. */
export class EntityError extends Error {
  override name = "EntityError";
}

/** Telegram counts places in the bytes of UTF-8. */
export function byteOffset(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index));
}

/** What lies outside lies inside on ties: of two spans of the same place, the lower comes first. As tdlib's. */
const priorities: Readonly<Record<string, number>> = {
  blockquote: 0,
  expandable_blockquote: 1,
  pre: 10,
  code: 20,
  text_link: 49,
  text_mention: 49,
  bold: 90,
  italic: 91,
  underline: 92,
  strikethrough: 93,
  spoiler: 94,
  custom_emoji: 99,
};

/** By place, the longer first. */
export function sortEntities(entities: readonly Entity[]): Entity[] {
  return entities.toSorted(
    (one, other) =>
      one.offset - other.offset || other.length - one.length || priority(one.type) - priority(other.type),
  );
}

function priority(type: string): number {
  return priorities[type] ?? 50;
}

/** As tdlib's `is_space`: the end of the text is one too. */
export function isSpace(char: string | undefined): boolean {
  return char === undefined || char === "" || " \t\r\n\0\v".includes(char);
}
