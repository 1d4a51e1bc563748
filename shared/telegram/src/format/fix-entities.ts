/** The nesting rules: which entities may stand where, and what is done with those that may not (tdlib, fix_formatted_text). */
import type { Entity } from "@rookery/protocol";
import { byteOffset, EntityError, type FormattedText, sortEntities } from "./formatted-text.ts";
import { findEntities } from "./found-entity.ts";

/** May be cut into parts, and lie in all but blocks of code. */
const splittable: ReadonlySet<string> = new Set(["bold", "italic", "underline", "strikethrough", "spoiler"]);
/** Hold nothing, and lie in quotes only. */
const code: ReadonlySet<string> = new Set(["pre", "code"]);
const quotes: ReadonlySet<string> = new Set(["blockquote", "expandable_blockquote"]);
/** Entities of one text; Telegram keeps the first. */
const entitiesMax = 100;

/**
 * The text as Telegram would keep it: trimmed, entities nested by its rules, those it finds by itself added.
 * @throws EntityError where an entity begins or ends within a character.
 */
export function fixFormattedText({ text, entities }: FormattedText): FormattedText {
  const cleaned = clean(text);
  const inside = entities.flatMap((entity) => bounded(cleaned, entity));
  const begin = cleaned.search(/\S/);
  if (begin === -1) return { text: "", entities: [] };
  const end = cleaned.trimEnd().length;
  // Space before text is kept where an entity holds it (a block of code that begins with it).
  const start = Math.min(begin, ...inside.filter(({ type }) => code.has(type)).map(({ offset }) => offset));
  const moved = inside.flatMap((entity) => shifted(entity, start, end));
  const kept = cleaned.slice(start, end);
  const nested = nest(moved.flatMap((entity) => trimmed(kept, entity)));
  const found = findEntities(kept).filter((entity) => nested.every((other) => isRoom(other, entity)));
  return { text: kept, entities: sortEntities([...nested, ...found]).slice(0, entitiesMax) };
}

/** Control characters are spaces, line breaks are one character, and no half of a character is left. */
function clean(text: string): string {
  return (
    text
      .toWellFormed()
      // Each stays one unit, so that no offset moves.
      .replace(/(?![\t\n])\p{Cc}/gu, (char) => (char > "\x7f" ? char : " "))
  );
}

function bounded(text: string, entity: Entity): Entity[] {
  const offset = Math.max(0, entity.offset);
  const end = Math.min(text.length, entity.offset + entity.length);
  if (end <= offset) return [];
  for (const [place, verb] of [
    [offset, "begins"],
    [end, "ends"],
  ] as const) {
    if (isInside(text, place)) {
      throw new EntityError(
        `Entity ${verb} in a middle of a UTF-16 symbol at byte offset ${byteOffset(text, place - 1)}`,
      );
    }
  }
  return [{ ...entity, offset, length: end - offset }];
}

function isInside(text: string, place: number): boolean {
  return place > 0 && place < text.length && /^[\udc00-\udfff]$/.test(text[place] ?? "");
}

function shifted(entity: Entity, start: number, end: number): Entity[] {
  const offset = Math.max(entity.offset, start);
  const length = Math.min(entity.offset + entity.length, end) - offset;
  return length > 0 ? [{ ...entity, offset: offset - start, length }] : [];
}

/** Styles do not reach over the space at their end, and there is none of space alone. */
function trimmed(text: string, entity: Entity): Entity[] {
  if (!splittable.has(entity.type)) return [entity];
  const length = text.slice(entity.offset, entity.offset + entity.length).trimEnd().length;
  return length === 0 ? [] : [{ ...entity, length }];
}

function nest(entities: readonly Entity[]): Entity[] {
  const whole: Entity[] = [];
  for (const entity of sortEntities(entities.filter(({ type }) => !splittable.has(type)))) {
    if (whole.every((other) => fits(other, entity))) whole.push(entity);
  }
  const blocks = whole.filter(({ type }) => code.has(type));
  const styles = merged(entities.filter(({ type }) => splittable.has(type))).flatMap((entity) =>
    blocks.reduce<Entity[]>((parts, block) => parts.flatMap((part) => outside(part, block)), [entity]),
  );
  return sortEntities(crossFree([...whole, ...styles]));
}

/** Of one style, what overlaps or touches is one. */
function merged(entities: readonly Entity[]): Entity[] {
  const result: Entity[] = [];
  for (const entity of sortEntities(entities)) {
    const place = result.findLastIndex(({ type }) => type === entity.type);
    const last = result[place];
    if (last === undefined || last.offset + last.length < entity.offset) result.push(entity);
    else {
      const end = Math.max(last.offset + last.length, entity.offset + entity.length);
      result[place] = { ...last, length: end - last.offset };
    }
  }
  return result;
}

/** The parts of an entity that do not lie in a block. */
function outside(entity: Entity, block: Entity): Entity[] {
  const end = entity.offset + entity.length;
  const blockEnd = block.offset + block.length;
  if (end <= block.offset || entity.offset >= blockEnd) return [entity];
  return [
    { ...entity, length: block.offset - entity.offset },
    { ...entity, offset: blockEnd, length: end - blockEnd },
  ].filter(({ length }) => length > 0);
}

/** Styles are cut where they would cross the end of what they begin in. */
function crossFree(entities: readonly Entity[]): Entity[] {
  const ends = [...new Set(entities.flatMap(({ offset, length }) => [offset, offset + length]))];
  const queue = sortEntities(entities);
  const result: Entity[] = [];
  const isCut = (entity: Entity, at: number): boolean =>
    entities.some((other) => {
      const [end, otherEnd] = [entity.offset + entity.length, other.offset + other.length];
      if (other.offset < entity.offset && otherEnd === at) return otherEnd > entity.offset && otherEnd < end;
      // What cannot be cut cuts what begins before it and ends in it.
      return (
        !splittable.has(other.type) && other.offset === at && otherEnd > end && at > entity.offset && at < end
      );
    });
  for (const entity of queue) {
    if (!splittable.has(entity.type)) {
      result.push(entity);
      continue;
    }
    const end = entity.offset + entity.length;
    const cuts = ends.filter((at) => at > entity.offset && at < end && isCut(entity, at));
    const places = [entity.offset, ...cuts.toSorted((one, other) => one - other), end];
    for (let i = 0; i + 1 < places.length; i++) {
      const [from, to] = [places[i] as number, places[i + 1] as number];
      result.push({ ...entity, offset: from, length: to - from });
    }
  }
  return result;
}

/** Whether two that cannot be cut may both be, the first being there: apart, or the second in a quote. */
function fits(first: Entity, second: Entity): boolean {
  const end = first.offset + first.length;
  if (second.offset >= end) return true;
  return quotes.has(first.type) && !quotes.has(second.type) && second.offset + second.length <= end;
}

/** Whether what was found in the text may be beside what its sender said. */
function isRoom(said: Entity, found: Entity): boolean {
  if (splittable.has(said.type)) return true;
  const [end, foundEnd] = [said.offset + said.length, found.offset + found.length];
  if (foundEnd <= said.offset || found.offset >= end) return true;
  return quotes.has(said.type) && said.offset <= found.offset && foundEnd <= end;
}
