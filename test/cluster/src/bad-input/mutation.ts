/** Bad frames made from good ones: each differs in one place, by its type, its range or its absence. Pure. */
import type { ClientFrame } from "@rookery/kit";
import { frameOf, type Sample } from "./sample.ts";

export interface Mutant {
  /** `SendMessage entities.0.offset = -1`, for people. */
  readonly name: string;
  readonly frame: ClientFrame;
  /** A client can read it in the refusal: the frame has a uuid, and that is not what is wrong. */
  readonly hasUuid: boolean;
}

type Path = readonly (string | number)[];

/** Values that no field of that kind can take. */
const wrong: Readonly<Record<string, readonly unknown[]>> = {
  string: [5, true, {}, [], ["x"], "a\0b"],
  number: ["5", "", true, {}, [], [1], -200, 2 ** 53, 1e300],
  boolean: ["true", 1, 0, {}, []],
  list: ["x", 5, true, {}, { 0: 1 }],
  object: ["x", 5, true, [], [{}]],
};

/** What protobuf can say of them: the types are the wire's, so only ranges are left. */
const wrongInProto: Readonly<Record<string, readonly unknown[]>> = {
  string: ["a\0b"],
  number: [-200, 2 ** 53, 2 ** 60],
};

/** Every single change of a sample that makes it bad. */
export function mutate(sample: Sample, format: "json" | "proto"): Mutant[] {
  const good = frameOf(sample);
  const mutants: Mutant[] = [];
  const add = (path: Path, value: unknown): void => {
    const name = `${sample.type} ${path.join(".")} = ${JSON.stringify(value)?.slice(0, 40) ?? "nothing"}`;
    const hasUuid = "uuid" in sample.required && path[0] !== "uuid";
    mutants.push({ name, frame: replace(good, path, value) as ClientFrame, hasUuid });
  };
  for (const [path, value] of leaves(good)) {
    if (path[0] === "type") continue;
    const values = format === "json" ? wrong : wrongInProto;
    for (const each of values[kindOf(value)] ?? []) {
      if (!isTaken(path, each)) add(path, each);
    }
  }
  if (format === "json") {
    for (const name of Object.keys(sample.required)) {
      for (const nothing of [undefined, null]) add([name], nothing);
    }
  }
  return mutants;
}

/** A few of `wrong` fit the field after all: an empty list where lists may be empty, and the like. */
function isTaken(path: Path, value: unknown): boolean {
  const [first] = path;
  // Sync asks for chats by id; an empty object asks for none.
  return first === "chats" && path.length === 1 && isEmpty(value);
}

function isEmpty(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "list";
  return typeof value;
}

/** Every place of a value with what stands there, containers before what is in them. */
function* leaves(value: unknown, path: Path = []): Generator<[Path, unknown]> {
  if (path.length > 0) yield [path, value];
  if (typeof value !== "object" || value === null) return;
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((each, index) => [index, each])
    : Object.entries(value);
  for (const [key, each] of entries) yield* leaves(each, [...path, key]);
}

function replace(value: unknown, [key, ...rest]: Path, next: unknown): unknown {
  if (key === undefined) return next;
  if (Array.isArray(value))
    return value.map((each, index) => (index === key ? replace(each, rest, next) : each));
  const source = value as Record<string, unknown>;
  const changed = replace(source[key], rest, next);
  if (changed === undefined) {
    const { [key]: _, ...others } = source;
    return others;
  }
  return { ...source, [key]: changed };
}
