/** How parameters are read: as leniently as Telegram's server does, since programs rely on it. */
import { parseJson } from "./arguments.ts";
import { badRequest } from "./api-refusal.ts";
import type { Parameter } from "./method.ts";

export const text: Parameter<string> = (args, name) => args.text(name) ?? "";

/** A whole number within the bounds; anything else is the fallback. */
export function integer(fallback: number, min: number, max: number): Parameter<number> {
  return (args, name) => {
    const value = args.text(name)?.trim() ?? "";
    if (!/^-?\d{1,16}$/.test(value)) return fallback;
    return Math.min(max, Math.max(min, Number(value)));
  };
}

export const seq: Parameter<number> = integer(0, 0, Number.MAX_SAFE_INTEGER);

export const optionalInteger: Parameter<number | undefined> = (args, name) => {
  const value = args.text(name)?.trim() ?? "";
  return /^-?\d{1,16}$/.test(value) ? Number(value) : undefined;
};

export const decimal: Parameter<number | undefined> = (args, name) => {
  const value = args.text(name)?.trim() ?? "";
  return /^[-+]?\d*\.?\d+(e[-+]?\d+)?$/i.test(value) ? Number(value) : undefined;
};

export const flag: Parameter<boolean> = (args, name) =>
  ["true", "yes", "1"].includes(args.text(name)?.trim().toLowerCase() ?? "");

/** JSON text, or undefined when it is not said. @throws ApiRefusal naming what cannot be read. */
export function json(what: string): Parameter<unknown> {
  return (args, name) => {
    const value = args.text(name);
    if (value === undefined || value.trim() === "") return undefined;
    const parsed = parseJson(value);
    if (parsed === undefined) throw badRequest(`can't parse ${what} JSON object`);
    return parsed;
  };
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list, also where one thing alone is said. */
export function list(what: string): Parameter<readonly unknown[] | undefined> {
  const read = json(what);
  return (args, name) => {
    const value = read(args, name);
    if (value === undefined || Array.isArray(value)) return value as readonly unknown[] | undefined;
    throw badRequest(`can't parse ${what} JSON object`);
  };
}

/** A chat's number, or `@username`; read where the chat is looked for. */
export const chatId: Parameter<string> = (args, name) => args.text(name)?.trim() ?? "";

/** A member of an object as text; empty for what is none. */
export function wordOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
