/** Frames as protobuf, from the tables of `frame.ts`; the same fields and checks as JSON. */
import protobuf from "protobufjs";
import { MalformedFrame } from "./fault.ts";
import { type ClientFrame, clientFrames, type ServerFrame, serverFrames } from "./frame.ts";
import { checkClientFrame } from "./json.ts";
import type { Fields, Proto } from "./schema.ts";

export interface ProtoCodec {
  /** @throws Fault `invalid` or `too_large`. */
  parse(bytes: Uint8Array): ClientFrame;
  encode(frame: ServerFrame): Uint8Array;
}

interface MessageJson {
  fields: Record<string, { type: string; id: number; rule?: string; keyType?: string; options?: object }>;
  oneofs?: Record<string, { oneof: string[] }>;
}

const packageName = "rookery.v1";

/** Builds the codec; protobufjs compiles an encoder and a decoder a message, so this is done once a process. */
export function openProtoCodec(): ProtoCodec {
  // Ids and times are below 2^53: plain numbers, not Long objects.
  protobuf.util.Long = null as never;
  protobuf.configure();
  const frame = protobuf.Root.fromJSON({
    nested: { rookery: { nested: { v1: { nested: describeMessages() } } } },
  }).lookupType(`${packageName}.Frame`);
  return {
    parse(bytes) {
      let message: object;
      try {
        message = frame.decode(bytes);
      } catch {
        throw new MalformedFrame("invalid", "the frame is not a protobuf Frame");
      }
      const fields = message as Record<string, Record<string, unknown>>;
      const name: unknown = fields["frame"];
      if (typeof name !== "string")
        throw new MalformedFrame("invalid", "the Frame is empty or of an unknown type");
      // Behind the tag stands the decoded message itself: what was absent has protobuf's defaults.
      return checkClientFrame(Object.assign(Object.create(fields[name] ?? null), { type: upperFirst(name) }));
    },
    encode(value) {
      return frame.encode(wrap(value)).finish();
    },
  };
}

const shapes = new Map<string, Fields>(
  Object.entries(serverFrames).map(([type, { fields }]) => [type, fields]),
);

/** `{type, …}` as the `oneof` of protobuf. */
function wrap(frame: { readonly type: string }): Record<string, unknown> {
  const fields = shapes.get(frame.type);
  if (fields === undefined) throw new Error(`no frame is called ${frame.type}`);
  return { [lowerFirst(frame.type)]: shape(frame, fields) };
}

/** Turns what protobuf says otherwise than JSON: frames inside frames, and maps of lists. */
function shape(value: object, fields: Fields): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const item: unknown = Reflect.get(value, name);
    if (item !== undefined && item !== null) result[name] = shapeValue(item, field.type.proto);
  }
  return result;
}

function shapeValue(value: unknown, proto: Proto): unknown {
  switch (proto.kind) {
    case "scalar":
      return value;
    case "frames":
      return (value as readonly { type: string }[]).map(wrap);
    case "message":
      return shape(value as object, proto.fields);
    case "list":
      if (proto.of.kind === "scalar") return value;
      return (value as unknown[]).map((item) => shapeValue(item, proto.of));
    case "map": {
      const entries = Object.entries(value as Record<string, unknown>);
      if (proto.of.kind === "list")
        return Object.fromEntries(entries.map(([key, items]) => [key, { items }]));
      return value;
    }
  }
}

/** Every message as protobufjs describes it in JSON, `Frame` first. Also the source of `frame.proto`. */
export function describeMessages(): Record<string, MessageJson> {
  const messages: Record<string, MessageJson> = { Frame: { fields: {}, oneofs: { frame: { oneof: [] } } } };
  const frame = messages["Frame"] as Required<MessageJson>;
  for (const [type, { number, fields }] of Object.entries({ ...clientFrames, ...serverFrames })) {
    frame.fields[lowerFirst(type)] = { type, id: number };
    frame.oneofs["frame"]?.oneof.push(lowerFirst(type));
    describe(type, fields, messages);
  }
  return messages;
}

function describe(name: string, fields: Fields, messages: Record<string, MessageJson>): void {
  if (messages[name] !== undefined) return;
  const message: Required<MessageJson> = { fields: {}, oneofs: {} };
  messages[name] = message;
  for (const [fieldName, field] of Object.entries(fields)) {
    const { proto } = field.type;
    const type = typeName(proto, messages);
    if (proto.kind === "map") {
      message.fields[fieldName] = { type, id: field.number, keyType: proto.key };
    } else if (proto.kind === "list" || proto.kind === "frames") {
      message.fields[fieldName] = { type, id: field.number, rule: "repeated" };
    } else if (field.presence !== "required" && proto.kind === "scalar") {
      // `optional` of proto3 is a oneof with one member.
      message.fields[fieldName] = { type, id: field.number, options: { proto3_optional: true } };
      message.oneofs[`_${fieldName}`] = { oneof: [fieldName] };
    } else {
      message.fields[fieldName] = { type, id: field.number };
    }
  }
}

function typeName(proto: Proto, messages: Record<string, MessageJson>): string {
  switch (proto.kind) {
    case "scalar":
      return proto.type;
    case "frames":
      return "Frame";
    case "message":
      describe(proto.name, proto.fields, messages);
      return proto.name;
    case "list":
      return typeName(proto.of, messages);
    case "map": {
      // A map's value cannot be a list: it is wrapped in a message of its own.
      if (proto.of.kind !== "list") return typeName(proto.of, messages);
      const item = typeName(proto.of, messages);
      messages[`${upperFirst(item)}List`] = { fields: { items: { type: item, id: 1, rule: "repeated" } } };
      return `${upperFirst(item)}List`;
    }
  }
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
