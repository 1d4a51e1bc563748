/** Who is in which chat. Pure. */

export interface Dealt {
  /** Of each chat, its people by index, the owner first. */
  readonly members: readonly (readonly number[])[];
}

/**
 * Chats of `size` people such that each person is in `each` of them (one fewer, where a last chat would have a single
 * person), with other people in each: every layer deals all people once, by another stride.
 */
export function dealChats(people: number, each: number, size: number): Dealt {
  const members: number[][] = [];
  let stride = 1;
  for (let layer = 0; layer < each; layer++) {
    for (let first = 0; first < people; first += size) {
      const count = Math.min(size, people - first);
      if (count < 2) continue;
      members.push(Array.from({ length: count }, (_, index) => ((first + index) * stride) % people));
    }
    stride = nextStride(stride, people);
  }
  return { members };
}

/** The next number that deals everybody exactly once: it has no divisor in common with their number. */
function nextStride(stride: number, people: number): number {
  let next = stride + 6;
  while (greatestDivisor(next, people) !== 1) next++;
  return next;
}

function greatestDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestDivisor(other, one % other);
}
