/** Bodies that are wrong in one place, made of a right one and its schema. Pure. */
import type { ApiDocument, Schema } from "../document.ts";
import { sampleOf } from "./sample.ts";

export interface Spoilt {
  readonly body: unknown;
  /** Dotted, as `errors` tells it. */
  readonly path: string;
  readonly what: string;
}

/** Long for every text there is, short of the bound of a request. */
const huge = "x".repeat(70_000);
const wrongValues: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["a number", 5],
  ["a fraction", -0.5],
  ["a great number", 1e300],
  ["true", true],
  ["a list", [[]]],
  ["an object", { a: 1 }],
  ["an empty text", ""],
  ["U+0000", "a\0b"],
  ["a lone surrogate", "a\ud800"],
  ["a huge text", huge],
];

/** Each property missing and made wrong, those of objects inside too. */
export function spoil(document: ApiDocument, schema: Schema, body: object, at = ""): Spoilt[] {
  const properties = (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>;
  const required = (schema["required"] ?? []) as readonly string[];
  return Object.entries(properties).flatMap(([name, property]) => {
    const path = `${at}${name}`;
    const { [name]: _, ...rest } = body as Record<string, unknown>;
    const missing = required.includes(name) ? [{ body: rest, path, what: "nothing" }] : [];
    const wrong = wrongValues.map(([what, value]) => ({ body: { ...body, [name]: value }, path, what }));
    const inner = sampleOf(document, property);
    const nested =
      property["properties"] === undefined || typeof inner !== "object" || inner === null
        ? []
        : spoil(document, property, inner, `${path}.`).map((each) => ({
            ...each,
            body: { ...body, [name]: each.body },
          }));
    return [...missing, ...wrong, ...nested];
  });
}

/** Whether any text may not pass, whatever the schema says of it (CONTRACT §2). */
export function isNeverText(what: string): boolean {
  return what === "U+0000" || what === "a lone surrogate";
}
