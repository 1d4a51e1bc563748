/**
 * The two wire formats. Protobuf is read from the published `.proto` by reflection, so that this client knows
 * no more than a stranger's would.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { ClientFrame, ServerFrame } from "@rookery/kit";
import protobuf from "protobufjs";
export type Format = "json" | "proto";

export interface Codec {
  readonly subprotocol: string;
  encode(frame: ClientFrame): string | Uint8Array;
  decode(data: Buffer, isBinary: boolean): ServerFrame;
}

const json: Codec = {
  subprotocol: "rookery.v1.json",
  encode: (frame) => JSON.stringify(frame),
  decode(data, isBinary) {
    if (isBinary) throw new Error("a binary frame on a JSON socket");
    return JSON.parse(data.toString("utf8")) as ServerFrame;
  },
};

/** @throws when the folder of the protocol holds no `.proto` with a message `Frame`. */
export function openCodec(format: Format): Codec {
  return format === "json" ? json : openProto(readFrameType());
}

/** The numbers of these frames in the published `oneof`. */
export function frameNumbers(types: ReadonlySet<string>): readonly number[] {
  return readFrameType().fieldsArray.flatMap((field) =>
    types.has(field.resolvedType?.name ?? "") ? [field.id] : [],
  );
}

const protocolFolder = new URL("../../../shared/protocol/", import.meta.url);

function readFrameType(): protobuf.Type {
  const root = new protobuf.Root();
  for (const entry of readdirSync(protocolFolder, { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".proto") || entry.includes("node_modules")) continue;
    protobuf.parse(readFileSync(new URL(entry, protocolFolder), "utf8"), root);
  }
  root.resolveAll();
  const type = findType(root, "Frame");
  if (type === undefined) throw new Error("no message Frame in any .proto below shared/protocol");
  return type;
}

function findType(space: protobuf.NamespaceBase, name: string): protobuf.Type | undefined {
  for (const each of space.nestedArray) {
    if (each instanceof protobuf.Type && each.name === name) return each;
    const inner = each instanceof protobuf.Namespace ? findType(each, name) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Fields that the JSON form has only where they say something. */
const sparse: Readonly<Record<string, readonly string[]>> = {
  MessageEdited: ["keyboard", "attachments", "location", "kind"],
  MemberChanged: ["title", "rights", "forbids"],
};
/** The same of a chat in a frame. */
const sparseOfChat: readonly string[] = ["description", "photo", "forbids"];
const isNothing = (value: unknown): boolean =>
  value === null || value === "" || (Array.isArray(value) && value.length === 0);

/** `Frame` is one oneof; the name of the chosen field's message is the `type` of the JSON form. */
function openProto(type: protobuf.Type): Codec {
  const fieldOf = new Map<string, string>();
  const typeOf = new Map<string, string>();
  for (const field of type.fieldsArray) {
    const name = field.resolvedType?.name ?? field.name;
    fieldOf.set(name, field.name);
    typeOf.set(field.name, name);
  }
  return {
    subprotocol: "rookery.v1.proto",
    encode({ type: name, ...fields }) {
      const field = fieldOf.get(name);
      if (field === undefined) throw new Error(`the .proto knows no frame ${name}`);
      return type.encode(type.fromObject({ [field]: fields })).finish();
    },
    decode(data, isBinary) {
      if (!isBinary) throw new Error("a text frame on a protobuf socket");
      // Protobuf leaves out zero, false and empty: `defaults` puts back what the JSON form always has.
      return unwrap(type.toObject(type.decode(data), { longs: Number, defaults: true })) as ServerFrame;
    },
  };

  function unwrap(frame: object): object {
    const [field, fields] = Object.entries(frame)[0] ?? ["", {}];
    const name = typeOf.get(field);
    if (name === undefined) throw new Error("an empty Frame");
    const entries = Object.entries(plain(fields) as object);
    const said = sparse[name] ?? [];
    return {
      type: name,
      ...Object.fromEntries(entries.filter(([key, value]) => !said.includes(key) || !isNothing(value))),
    };
  }

  /** A list inside a map is a message of its own there, and frames inside a frame are wrapped like it. */
  function plain(value: unknown, key = ""): unknown {
    if (Array.isArray(value)) return value.map((each) => (key === "changes" ? unwrap(each) : plain(each)));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).filter(
      ([name, each]) => key !== "chat" || !sparseOfChat.includes(name) || !isNothing(each),
    );
    if (key === "reactions") {
      return Object.fromEntries(entries.map(([emoji, { items }]) => [emoji, items ?? []]));
    }
    return Object.fromEntries(entries.map(([name, each]) => [name, plain(each, name)]));
  }
}
