/** The longest beginning of `text` of at most `bytesMax` bytes of UTF-8 that splits no character. */
export function cutBytes(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax) return text;
  const bytes = Buffer.from(text);
  let end = bytesMax;
  // A byte 10xxxxxx continues a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end--;
  return bytes.toString("utf8", 0, end);
}

/** Fit for a row, whatever it was: at most `unitsMax` UTF-16 units, and none of what Postgres takes nowhere (U+0000, half a character). */
export function cutWords(text: string, unitsMax: number): string {
  return text.slice(0, unitsMax).toWellFormed().replaceAll("\0", "\uFFFD");
}
