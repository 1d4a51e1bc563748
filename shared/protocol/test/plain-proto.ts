/** A stranger's protobuf: plain protobufjs and the text of `frame.proto`, nothing of ours. */
import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import { openProtoCodec } from "../src/mod.ts";

// The codec sets protobufjs to plain numbers for the whole process; a schema read before that would want Longs.
openProtoCodec();
const file = new URL("../frame.proto", import.meta.url);

export const root = protobuf.parse(readFileSync(file, "utf8")).root;
export const frameType = root.lookupType("rookery.v1.Frame");

type Values = Readonly<Record<string, unknown>>;

/** `{type, …}` as bytes. */
export function encodePlain({ type, ...fields }: { readonly type: string } & Values): Uint8Array {
  return frameType.encode(frameType.fromObject({ [lowerFirst(type)]: fields })).finish();
}

/** Bytes as `{type, …}`; absent fields are left out. `seen` is told each field met, as `Message.field`. */
export function decodePlain(bytes: Uint8Array, seen: (field: string) => void = () => {}): Values {
  return unwrap(frameType.decode(bytes), seen);
}

/** A Frame around the raw field `field` of message number `frame`. */
export function rawFrame(frame: number, write: (writer: protobuf.Writer) => void): Uint8Array {
  const inner = protobuf.Writer.create();
  write(inner);
  return protobuf.Writer.create()
    .uint32(frame * 8 + 2)
    .bytes(inner.finish())
    .finish();
}

function unwrap(message: object, seen: (field: string) => void): Values {
  const name: unknown = Reflect.get(message, "frame");
  if (typeof name !== "string") throw new Error("the Frame is empty");
  seen(`Frame.${name}`);
  const type = frameType.fields[name]?.resolve().resolvedType;
  if (!(type instanceof protobuf.Type)) throw new Error(`there is no frame ${name}`);
  return { type: type.name, ...fieldsOf(type, Reflect.get(message, name) as object, seen) };
}

function fieldsOf(type: protobuf.Type, message: object, seen: (field: string) => void): Values {
  const result: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    field.resolve();
    if (!Object.hasOwn(message, field.name)) {
      // What is always there and has its default takes no bytes.
      if (!field.hasPresence && !field.repeated && !field.map) result[field.name] = field.typeDefault;
      continue;
    }
    const value: unknown = Reflect.get(message, field.name);
    seen(`${type.name}.${field.name}`);
    const one = (item: unknown): unknown => valueOf(field, item, seen);
    if (Array.isArray(value)) result[field.name] = value.map(one);
    else if (field instanceof protobuf.MapField) {
      const entries = Object.entries(value as object).map(([key, item]) => [key, one(item)] as const);
      result[field.name] = Object.fromEntries(entries);
    } else result[field.name] = one(value);
  }
  return result;
}

function valueOf(field: protobuf.Field, value: unknown, seen: (field: string) => void): unknown {
  const type = field.resolvedType;
  if (!(type instanceof protobuf.Type)) return value;
  if (type === frameType) return unwrap(value as object, seen);
  const fields = fieldsOf(type, value as object, seen);
  // A list inside a map is a message of its own there.
  return type.name.endsWith("List") ? (fields["items"] ?? []) : fields;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** Without nulls, empty lists and empty objects, which protobuf does not tell from absent. */
export function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).flatMap(([key, item]) => {
    const isNothing = item === null || (typeof item === "object" && Object.keys(item as object).length === 0);
    return isNothing ? [] : [[key, tidy(item)] as const];
  });
  return Object.fromEntries(kept);
}
