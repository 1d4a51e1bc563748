/** Protobuf that is broken below the fields: other wire types, lengths that lie, ends too early. Pure. */
import type { Random } from "@rookery/kit";

/** What a field can look like on the wire, with something in it; 3, 4, 6 and 7 are groups and nothing. */
const values: readonly (readonly [wireType: number, bytes: readonly number[]])[] = [
  [0, [5]],
  [0, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  [0, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  [1, [1, 2, 3, 4, 5, 6, 7, 8]],
  [1, [1, 2]],
  [2, [0]],
  [2, [3, 0xc3, 0x28, 0x80]],
  [2, [0x7f, 1]],
  [2, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  [3, []],
  [4, []],
  [5, [1, 2, 3, 4]],
  [6, []],
  [7, [1]],
];

const fieldsMax = 12;

/** Frames of that number whose only field is written in every wrong way there is. */
export function* wrongFields(frameNumber: number): Generator<Uint8Array> {
  for (let field = 1; field <= fieldsMax; field++) {
    for (const [wireType, bytes] of values) {
      yield envelop(frameNumber, [(field << 3) | wireType, ...bytes]);
    }
  }
}

/** A good frame cut off after every byte. */
export function* cutOff(good: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < good.length; length++) yield good.slice(0, length);
}

/** A good frame with a few bytes changed. */
export function flipped(good: Uint8Array, random: Random): Uint8Array {
  const bytes = good.slice();
  const flips = random.integer(1, 3);
  for (let flip = 0; flip < flips; flip++) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

/** `Frame` with one field of that number. */
function envelop(number: number, message: readonly number[]): Uint8Array {
  const tag = (number << 3) | 2;
  const head = tag < 128 ? [tag] : [(tag & 0x7f) | 0x80, tag >> 7];
  return Uint8Array.from([...head, message.length, ...message]);
}
