/** The least value that a schema of the document allows: its example, or made of its bounds. Pure. */
import type { ApiDocument, Schema } from "../document.ts";

/** Optional fields are left out. @throws Error for what no value can be made of, which wants an `example`. */
export function sampleOf(document: ApiDocument, schema: Schema): unknown {
  const { $ref, anyOf, oneOf, allOf, enum: values } = schema;
  if ("example" in schema) return schema["example"];
  if ("default" in schema) return schema["default"];
  if ("const" in schema) return schema["const"];
  if (typeof $ref === "string") return sampleOf(document, document.components.schemas[nameOf($ref)] ?? {});
  if (Array.isArray(values)) return values[0];
  const choice = asSchemas(anyOf ?? oneOf)[0];
  if (choice !== undefined) return sampleOf(document, choice);
  if (allOf !== undefined)
    return Object.assign({}, ...asSchemas(allOf).map((each) => sampleOf(document, each) as object));
  return sampleOfType(document, schema);
}

function sampleOfType(document: ApiDocument, schema: Schema): unknown {
  const type = Array.isArray(schema["type"]) ? schema["type"][0] : schema["type"];
  switch (type) {
    case "null":
      return null;
    case "boolean":
      return true;
    case "integer":
    case "number":
      return Math.max(Number(schema["minimum"] ?? 1), Number(schema["maximum"] ?? 1) < 1 ? 0 : 1);
    case "string": {
      const text = "x".repeat(Math.max(1, Number(schema["minLength"] ?? 1)));
      const { pattern } = schema;
      if (typeof pattern === "string" && !new RegExp(pattern, "u").test(text))
        throw new Error(`an example is missing for the pattern ${pattern}`);
      return text;
    }
    case "array": {
      const count = Number(schema["minItems"] ?? 0);
      return Array.from({ length: count }, () => sampleOf(document, schema["items"] as Schema));
    }
    case "object":
    default:
      return sampleOfObject(document, schema);
  }
}

function sampleOfObject(document: ApiDocument, schema: Schema): object {
  const required = (schema["required"] ?? []) as readonly string[];
  const properties = (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>;
  return Object.fromEntries(required.map((name) => [name, sampleOf(document, properties[name] ?? {})]));
}

function asSchemas(value: unknown): readonly Schema[] {
  return Array.isArray(value) ? (value as readonly Schema[]) : [];
}

function nameOf(reference: string): string {
  return reference.split("/").at(-1) ?? "";
}
