/** What one message on the bus holds at most. */
interface PortionMax {
  readonly items: number;
  readonly bytes: number;
}

/** Cuts a list, in order, into portions that fit a message each; an item alone may be larger than that. */
export function* portions<T>(
  items: readonly T[],
  max: PortionMax,
  sizeOf: (item: T) => number,
): Generator<T[]> {
  let portion: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (portion.length > 0 && (portion.length === max.items || bytes + size > max.bytes)) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(item);
    bytes += size;
  }
  if (portion.length > 0) yield portion;
}
