/**
 * One description of a value serves three: the TypeScript type, the check of what a stranger sends, and the
 * protobuf message. Frames are described once, in `frame.ts`.
 */
import { Fault } from "./fault.ts";
import { idMax } from "./id.ts";

/** How a value looks in protobuf; `message` carries its own fields. */
export type Proto =
  | { readonly kind: "scalar"; readonly type: "int64" | "double" | "string" | "bool" }
  | { readonly kind: "message"; readonly name: string; readonly fields: Fields }
  | { readonly kind: "list"; readonly of: Proto }
  | { readonly kind: "map"; readonly key: "int64" | "string"; readonly of: Proto }
  | { readonly kind: "frames" };

export interface Type<T> {
  readonly proto: Proto;
  /** Returns the value, cleaned of what is unknown. @throws Fault `invalid` naming `path`. */
  check(value: unknown, path: string): T;
}

export type Presence = "required" | "optional" | "nullable";

/** A field of a message: its protobuf number, its type, and whether it may be missing. */
export interface Field<T, P extends Presence = Presence> {
  readonly number: number;
  readonly type: Type<T>;
  readonly presence: P;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

type Names<F extends Fields, P extends Presence> = {
  [K in keyof F]: F[K]["presence"] extends P ? K : never;
}[keyof F];
type Value<F> = F extends Field<infer T> ? T : never;

/** The TypeScript type of a set of fields. */
export type Infer<F extends Fields> = {
  readonly [K in Names<F, "required">]: Value<F[K]>;
} & { readonly [K in Names<F, "optional">]?: Value<F[K]> } & {
  readonly [K in Names<F, "nullable">]: Value<F[K]> | null;
};

export function required<T>(number: number, type: Type<T>): Field<T, "required"> {
  return { number, type, presence: "required" };
}

/** May be missing (or null) and is then left out. */
export function optional<T>(number: number, type: Type<T>): Field<T, "optional"> {
  return { number, type, presence: "optional" };
}

/** Always there in JSON, null when it has no value; absent in protobuf. */
export function nullable<T>(number: number, type: Type<T>): Field<T, "nullable"> {
  return { number, type, presence: "nullable" };
}

export function integer(range: { min: number; max?: number }): Type<number> {
  const max = range.max ?? idMax;
  return {
    proto: { kind: "scalar", type: "int64" },
    check(value, path) {
      if (!Number.isInteger(value)) throw invalid(path, "must be a whole number");
      const number = value as number;
      if (number < range.min || number > max) {
        throw invalid(path, `must be from ${range.min} to ${max}`);
      }
      return number;
    },
  };
}

/** A number with a fraction. */
export function decimal(range: { min: number; max: number }): Type<number> {
  return {
    proto: { kind: "scalar", type: "double" },
    check(value, path) {
      if (typeof value !== "number" || !(value >= range.min && value <= range.max)) {
        throw invalid(path, `must be a number from ${range.min} to ${range.max}`);
      }
      return value;
    },
  };
}

/** Text of at most `bytesMax` bytes of UTF-8, without U+0000 (Postgres refuses it) or lone surrogates. */
export function text(rule: {
  bytesMax: number;
  pattern?: RegExp;
  code?: "invalid" | "too_large";
}): Type<string> {
  return {
    proto: { kind: "scalar", type: "string" },
    check(value, path) {
      if (typeof value !== "string") throw invalid(path, "must be text");
      if (!value.isWellFormed() || value.includes("\0")) {
        throw invalid(path, "must be well-formed text without U+0000");
      }
      // A UTF-16 unit is at most 3 bytes of UTF-8, so most text needs no counting.
      if (value.length * 3 > rule.bytesMax && Buffer.byteLength(value) > rule.bytesMax) {
        throw new Fault(rule.code ?? "invalid", `${path}: must be at most ${rule.bytesMax} bytes`);
      }
      if (rule.pattern !== undefined && !rule.pattern.test(value)) {
        throw invalid(path, `must match ${rule.pattern.source}`);
      }
      return value;
    },
  };
}

export function choice<const T extends string>(...values: readonly T[]): Type<T> {
  return {
    proto: { kind: "scalar", type: "string" },
    check(value, path) {
      const found = values.find((each) => each === value);
      if (found === undefined) throw invalid(path, `must be one of ${values.join(", ")}`);
      return found;
    },
  };
}

export const flag: Type<boolean> = {
  proto: { kind: "scalar", type: "bool" },
  check(value, path) {
    if (typeof value !== "boolean") throw invalid(path, "must be true or false");
    return value;
  },
};

export function list<T>(type: Type<T>, rule: { min?: number; max: number }): Type<readonly T[]> {
  const min = rule.min ?? 0;
  return {
    proto: { kind: "list", of: type.proto },
    check(value, path) {
      if (!Array.isArray(value)) throw invalid(path, "must be a list");
      if (value.length > rule.max) throw invalid(path, `must have at most ${rule.max} items`);
      if (value.length < min) throw invalid(path, `must have at least ${min} items`);
      return value.map((item, index) => type.check(item, `${path}[${index}]`));
    },
  };
}

/** An object used as a map, keyed by ids or by text. */
export function record<T>(
  key: "int64" | "string",
  type: Type<T>,
  rule: { max: number },
): Type<Readonly<Record<string, T>>> {
  return {
    proto: { kind: "map", key, of: type.proto },
    check(value, path) {
      const source = asObject(value, path);
      const entries = Object.entries(source);
      if (entries.length > rule.max) throw invalid(path, `must have at most ${rule.max} entries`);
      const result: Record<string, T> = {};
      for (const [name, item] of entries) {
        if (key === "int64" && !/^[1-9]\d{0,15}$/.test(name)) throw invalid(path, "keys must be ids");
        result[name] = type.check(item, `${path}.${name}`);
      }
      return result;
    },
  };
}

/** Whole frames inside a frame: `{type, …}` in JSON, `repeated Frame` in protobuf. Only servers send them. */
export const frames: Type<readonly { readonly type: string }[]> = {
  proto: { kind: "frames" },
  check(value, path) {
    if (!Array.isArray(value)) throw invalid(path, "must be a list");
    return value.map((item, index) => asObject(item, `${path}[${index}]`) as { type: string });
  },
};

/** A message with named fields; what is unknown is ignored. `name` is its name in protobuf. */
export function object<F extends Fields>(name: string, fields: F): Type<Infer<F>> {
  const entries = Object.entries(fields);
  return {
    proto: { kind: "message", name, fields },
    check(value, path) {
      const source = asObject(value, path);
      const result: Record<string, unknown> = {};
      for (const [key, field] of entries) {
        const item = source[key];
        if (item !== undefined && item !== null) {
          result[key] = field.type.check(item, path === "" ? key : `${path}.${key}`);
        } else if (field.presence === "required") {
          throw invalid(path === "" ? key : `${path}.${key}`, "is missing");
        } else if (field.presence === "nullable") {
          result[key] = null;
        }
      }
      return result as Infer<F>;
    },
  };
}

export function invalid(path: string, reason: string): Fault {
  return new Fault("invalid", path === "" ? reason : `${path}: ${reason}`);
}

function asObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(path, "must be an object");
  }
  return value as Record<string, unknown>;
}
