/**
 * About how many bytes a value takes as JSON, and seldom fewer than it does: text counts three bytes a unit, which is the most that
 * UTF-8 needs. For cutting messages, so that none is larger than NATS takes; a walk, no second encoding.
 */
export function jsonSize(value: unknown): number {
  if (typeof value === "string") return 2 + value.length * 3;
  if (typeof value !== "object" || value === null) return 20;
  let bytes = 2;
  if (Array.isArray(value)) {
    for (const item of value) bytes += 1 + jsonSize(item);
    return bytes;
  }
  for (const [key, item] of Object.entries(value)) bytes += key.length + 4 + jsonSize(item);
  return bytes;
}
