import type { Entity } from "@rookery/protocol";

/** `italic 5 5` and `text_link 0 1 http://telegram.org/`: how the tests write an entity. */
export function shown(entities: readonly Entity[]): string[] {
  return entities.map(({ type, offset, length, url, userId, language, customEmojiId }) =>
    [type, offset, length, url, userId, language, customEmojiId]
      .filter((each) => each !== undefined)
      .join(" "),
  );
}
