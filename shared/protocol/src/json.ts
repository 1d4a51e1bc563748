import { Fault, MalformedFrame } from "./fault.ts";
import { type ClientFrame, clientFrames, type ServerFrame } from "./frame.ts";
import { uuid } from "./scalar.ts";
import { object, type Type } from "./schema.ts";

const checks = new Map<string, Type<object>>(
  Object.entries(clientFrames).map(([type, { fields }]) => [type, object(type, fields)]),
);

/**
 * A client's frame from JSON text, checked.
 * @throws Fault `invalid` or `too_large`, with the frame's uuid where it could be read.
 */
export function parseJsonFrame(text: string): ClientFrame {
  return checkClientFrame(parseObject(text));
}

/** The frame inside an object tagged by `type`, cleaned of unknown fields. @throws Fault */
export function checkClientFrame(value: Readonly<Record<string, unknown>>): ClientFrame {
  const type = value["type"];
  const check = typeof type === "string" ? checks.get(type) : undefined;
  try {
    if (check === undefined) throw new MalformedFrame("invalid", "type: is not a frame a client may send");
    return { type, ...check.check(value, "") } as ClientFrame;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const Kind = error instanceof MalformedFrame ? MalformedFrame : Fault;
    throw new Kind(error.code, error.message, uuidOf(value["uuid"]));
  }
}

function uuidOf(value: unknown): { readonly uuid?: string } {
  try {
    return { uuid: uuid.check(value, "uuid") };
  } catch {
    return {};
  }
}

/** @throws Fault `invalid` when the text is not a JSON object. */
export function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MalformedFrame("invalid", "the frame is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedFrame("invalid", "the frame must be a JSON object");
  }
  return value as Record<string, unknown>;
}

export function encodeJsonFrame(frame: ServerFrame): string {
  return JSON.stringify(frame);
}
