import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { Refusal } from "../refusal.ts";
import type { Json } from "../world/message.ts";
import { boundaryOf, type Part, parseMultipart } from "./multipart.ts";

/** What a method is called with: from the query, a form, JSON or multipart, merged. Names keep their case. */
export interface Arguments {
  readonly fields: Json;
  /** As text, also if JSON gave a number; empty when it is missing. */
  text(name: string): string;
  /** NaN when it is there and is no whole number. */
  integer(name: string): number | undefined;
  flag(name: string): boolean;
  /** A structured value; undefined when it is missing. `bad` when it is text that is no JSON. */
  json(name: string): unknown;
  /** An uploaded file; by the name of its part, or as `attach://<part>`. */
  file(reference: string): Part | undefined;
}

/** Given where JSON was expected and is not. */
export const badJson = Symbol("bad JSON");

const bodyBytesMax = 55 * 1_048_576;

export function makeArguments(fields: Json, files: ReadonlyMap<string, Part> = new Map()): Arguments {
  const text = (name: string): string => {
    const value = fields[name];
    if (value === undefined || value === null) return "";
    return typeof value === "string" ? value : JSON.stringify(value);
  };
  return {
    fields,
    text,
    integer(name) {
      const value = text(name).trim();
      if (value === "") return undefined;
      return /^[+-]?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    },
    flag: (name) => ["true", "1", "yes"].includes(text(name).toLowerCase()),
    json(name) {
      const value = fields[name];
      if (value === undefined || value === null || value === "") return undefined;
      if (typeof value !== "string") return value;
      try {
        return JSON.parse(value) as unknown;
      } catch {
        return badJson;
      }
    },
    file: (reference) => files.get(reference.replace(/^attach:\/\//, "")),
  };
}

/** The arguments inside a structured one. Undefined when it is no object. */
export function makeInner(value: unknown): Arguments | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? makeArguments(value as Json)
    : undefined;
}

/** @throws Refusal 413 and 415 */
export async function decodeBody(
  chunks: AsyncIterable<Buffer>,
  encoding: string | undefined,
): Promise<Buffer> {
  const read: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new Refusal(413, "Request Entity Too Large");
    read.push(chunk);
  }
  const body = Buffer.concat(read);
  const limit = { maxOutputLength: bodyBytesMax };
  switch ((encoding ?? "").toLowerCase()) {
    case "":
    case "identity":
      return body;
    case "gzip":
      return await promisify(gunzip)(body, limit);
    case "deflate":
      return await promisify(inflate)(body, limit);
    default:
      throw new Refusal(415, "Unsupported Media Type: unsupported content encoding");
  }
}

/** A body that cannot be read counts as none (TELEGRAM.md §1). */
export function parseArguments(query: URLSearchParams, contentType: string, body: Buffer): Arguments {
  const fields: Json = Object.fromEntries(query);
  const files = new Map<string, Part>();
  const kind = contentType.split(";")[0]?.trim().toLowerCase();
  if (kind === "application/json") Object.assign(fields, parseObject(body.toString("utf8")));
  else if (kind === "application/x-www-form-urlencoded") {
    Object.assign(fields, Object.fromEntries(new URLSearchParams(body.toString("utf8"))));
  } else if (kind === "multipart/form-data") {
    const boundary = boundaryOf(contentType);
    for (const part of (boundary === undefined ? null : parseMultipart(body, boundary)) ?? []) {
      // aiogram gives plain fields a content type too.
      if (part.fileName === undefined) fields[part.name] = part.bytes.toString("utf8");
      else files.set(part.name, part);
    }
  }
  return makeArguments(fields, files);
}

function parseObject(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
  } catch {
    return {};
  }
}
