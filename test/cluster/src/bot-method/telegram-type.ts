/**
 * What Telegram's documentation says of answers and updates, read from types that are generated from it (`@gramio/types`): at run
 * time, so that what really is answered is judged.
 */
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";

type Type =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "literal"; readonly value: unknown }
  | { readonly kind: "list"; readonly of: Type }
  | { readonly kind: "union"; readonly of: readonly Type[] };

type Field = { readonly type: Type; readonly isOptional: boolean };
type Declared =
  | { readonly kind: "interface"; readonly fields: ReadonlyMap<string, Field> }
  | { readonly kind: "alias"; readonly type: Type };

export interface TelegramTypes {
  /** What is wrong with the result of a method; empty: nothing. */
  checkResult(method: string, value: unknown): string[];
  checkUpdate(value: unknown): string[];
  readonly methods: readonly string[];
}

export function readTelegramTypes(): TelegramTypes {
  const place = findPackageJSON("@gramio/types", import.meta.url);
  if (place === undefined) throw new Error("@gramio/types is not installed");
  const folder = dirname(place);
  const read = (name: string): string =>
    readFileSync(join(folder, "out", `${name}.d.ts`), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const declared = readDeclarations(read("objects"));
  const results = readResults(read("methods"));
  return {
    checkResult(method, value) {
      const type = results.get(method);
      return type === undefined
        ? [`${method} is not documented`]
        : complaints(declared, type, { value, at: method });
    },
    checkUpdate: (value) =>
      complaints(declared, { kind: "name", name: "TelegramUpdate" }, { value, at: "update" }),
    methods: [...results.keys()],
  };
}

function readDeclarations(text: string): ReadonlyMap<string, Declared> {
  const declared = new Map<string, Declared>();
  for (const [, name = "", body = ""] of text.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)) {
    const fields = new Map<string, Field>();
    for (const [, field = "", optional, type = ""] of body.matchAll(
      /^ {4}(\w+)(\?)?:\s*([^\n]+(?:\n {8,}[^\n]+)*)/gm,
    )) {
      fields.set(field, { type: parseType(type), isOptional: optional === "?" });
    }
    declared.set(name, { kind: "interface", fields });
  }
  for (const [, name = "", type = ""] of text.matchAll(
    /^export type (\w+) =([^;]*?)(?=\n\n|\nexport|$(?![\s\S]))/gm,
  )) {
    declared.set(name, { kind: "alias", type: parseType(type) });
  }
  return declared;
}

function readResults(text: string): ReadonlyMap<string, Type> {
  const results = new Map<string, Type>();
  const calls = /^ {4}(\w+): CallAPI(\w*)<([\s\S]*?)>\n/gm;
  for (const [, method = "", how = "", args = ""] of text.matchAll(calls)) {
    const type = how === "WithoutParams" ? args : args.slice(args.indexOf(",") + 1);
    results.set(method, parseType(type.replaceAll("Objects.", "")));
  }
  return results;
}

function parseType(text: string): Type {
  const tokens = text.match(/"[^"]*"|\w+|\[\]|[|()]/g) ?? [];
  let at = 0;
  const single = (): Type => {
    const token = tokens[at++] ?? "";
    let type: Type;
    if (token === "(") {
      type = union();
      at += 1;
    } else if (token.startsWith('"')) type = { kind: "literal", value: token.slice(1, -1) };
    else if (token === "true" || token === "false") type = { kind: "literal", value: token === "true" };
    else if (/^\d+$/.test(token)) type = { kind: "literal", value: Number(token) };
    else type = { kind: "name", name: token };
    while (tokens[at] === "[]") {
      at += 1;
      type = { kind: "list", of: type };
    }
    return type;
  };
  const union = (): Type => {
    if (tokens[at] === "|") at += 1;
    const of = [single()];
    while (tokens[at] === "|") {
      at += 1;
      of.push(single());
    }
    const [only] = of;
    return of.length === 1 && only !== undefined ? only : { kind: "union", of };
  };
  return union();
}

function complaints(
  declared: ReadonlyMap<string, Declared>,
  type: Type,
  { value, at }: { readonly value: unknown; readonly at: string },
): string[] {
  const told = JSON.stringify(value)?.slice(0, 80) ?? "nothing";
  switch (type.kind) {
    case "literal":
      return value === type.value ? [] : [`${at} is ${told}, not ${JSON.stringify(type.value)}`];
    case "list":
      if (!Array.isArray(value)) return [`${at} is ${told}, no list`];
      return value.flatMap((each, index) =>
        complaints(declared, type.of, { value: each, at: `${at}.${index}` }),
      );
    case "union": {
      const tried = type.of.map((each) => complaints(declared, each, { value, at }));
      // What comes nearest tells the most.
      return tried.toSorted((one, other) => one.length - other.length)[0] ?? [];
    }
    case "name":
      break;
  }
  if (type.name === "number") return Number.isFinite(value) ? [] : [`${at} is ${told}, no number`];
  if (type.name === "string" || type.name === "boolean") {
    return typeof value === type.name ? [] : [`${at} is ${told}, no ${type.name}`];
  }
  const found = declared.get(type.name);
  if (found === undefined) return [`${at}: ${type.name} is not known`];
  if (found.kind === "alias") return complaints(declared, found.type, { value, at });
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return [`${at} is ${told}, no ${type.name}`];
  const wrong: string[] = [];
  for (const [name, { type: of, isOptional }] of found.fields) {
    const inner: unknown = (value as Record<string, unknown>)[name];
    if (inner !== undefined) wrong.push(...complaints(declared, of, { value: inner, at: `${at}.${name}` }));
    else if (!isOptional) wrong.push(`${at}.${name} is missing (${type.name})`);
  }
  for (const name of Object.keys(value))
    if (!found.fields.has(name)) wrong.push(`${at}.${name} is not of ${type.name}`);
  return wrong;
}
