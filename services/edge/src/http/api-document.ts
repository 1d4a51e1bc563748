/**
 * Makes `/v1/openapi.json` whole out of what the routes declare. A route says its schemas, its need and what is its own;
 * what follows from the rules of the house is said here, once: names, tags, refusals by status, headers. Pure.
 */
import { type FaultCode, faults } from "@rookery/protocol";
import type { EdgeApp } from "./context.ts";
import type { ApiDocument } from "./document-page.ts";
import { problemContentType } from "./problem.ts";
import { unlimited } from "./request-limit.ts";
import { problemSchemaName } from "./schema.ts";

type RawDocument = ReturnType<EdgeApp["getOpenAPI31Document"]>;
/** JSON of a document, looked at field by field. */
type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly declared: Json;
}

const methods: ReadonlySet<string> = new Set(["get", "put", "post", "delete", "patch"]);

/** What is behind the first word of a path. */
const tagDescriptions: Readonly<Record<string, string>> = {
  auth: "Accounts made, sessions opened, renewed and ended; tokens looked at",
  users: "Accounts, one's own and others'",
  chats: "Chats, their members and their messages",
  invites: "Links by which people come into chats",
  apikeys: "Keys by which programs act for their user",
  bots: "Bots and what they do",
  files: "What messages carry, brought and fetched as bytes",
  webhooks: "Where events are sent",
  deliveries: "What became of each event that was sent",
  telegram: "Called by Telegram",
  ws: "The door of sockets",
  operation: "For supervisors, Prometheus and people who look",
};
const operationWords = new Set(["health", "metrics", "docs", "openapi.json", ".well-known"]);

const limitHeaders: Readonly<Record<string, string>> = {
  RateLimit: "What is left of each limit: its name, r requests, t seconds until it is whole",
  "RateLimit-Policy": "The limits that hold here: name, q requests, w seconds",
  "RateLimit-Limit": "Of the nearest limit: how many at once",
  "RateLimit-Remaining": "Of the nearest limit: how many are left",
  "RateLimit-Reset": "Of the nearest limit: seconds until it is whole",
};
const headers: Readonly<Record<string, string>> = {
  "X-Request-Id": "The request's name in all logs: the caller's, when it can stand there",
  "Retry-After": "Seconds after which a repeat is worth trying",
  "WWW-Authenticate": "How to say who one is",
  ...limitHeaders,
};

/** The document of an app, all of whose routes are registered. */
export function documentOf(
  app: Pick<EdgeApp, "getOpenAPI31Document">,
  { version, publicUrl }: { readonly version: string; readonly publicUrl: string },
): ApiDocument {
  const description = `Errors are \`${problemContentType}\` (RFC 9457) with a stable \`code\`. Fields that are not known are ignored in requests; new ones may come in answers.`;
  return completeDocument(
    app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: { title: "Rookery", version, description, license: { name: "MIT" } },
      servers: [{ url: publicUrl }],
    }),
  );
}

/** @throws Error when two operations would have one name, or a refusal is of a status that no fault has. */
function completeDocument(document: RawDocument): ApiDocument {
  const operations = listOperations(document).map((each) => ({ ...each, whole: completeOperation(each) }));
  const ids = operations.map(({ whole }) => whole["operationId"]);
  const doubled = ids.find((id, index) => ids.indexOf(id) !== index);
  if (doubled !== undefined) throw new Error(`two operations are called ${JSON.stringify(doubled)}`);

  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, whole } of operations) (paths[path] ??= {})[method] = whole;
  const tags = [...new Set(operations.map(({ path }) => tagOf(path)))].map((name) => ({
    name,
    ...(tagDescriptions[name] === undefined ? {} : { description: tagDescriptions[name] }),
  }));
  const components = {
    ...document.components,
    parameters: { RequestId: requestIdParameter },
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, description]) => [
        name,
        { description, schema: { type: "string" } },
      ]),
    ),
    responses: Object.fromEntries([...codesByStatus].map(([status, codes]) => refusalOf(status, codes))),
  };
  const whole = { ...document, tags, paths, components };
  return whole;
}

function listOperations({ paths }: RawDocument): Operation[] {
  return Object.entries(paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Json)
      .filter(([method]) => methods.has(method))
      .map(([method, declared]) => ({ method, path, declared: declared as Json })),
  );
}

function completeOperation(operation: Operation): Json {
  const { path, declared } = operation;
  const { middleware: _, ...told } = declared;
  const own = declared["description"];
  const sentence = needSentence(String(declared["x-needs"]));
  const description = [...(typeof own === "string" ? [own] : []), ...sentence].join(" ");
  const parameters = asList(declared["parameters"]).map(nameParameter);
  return {
    operationId: operationIdOf(operation),
    tags: [tagOf(path)],
    ...told,
    ...(description === "" ? {} : { description }),
    parameters: [...parameters, { $ref: "#/components/parameters/RequestId" }],
    responses: completeResponses(operation),
  };
}

/** `getChats`, `getChat`, `postChatMessages`: the words of the path, one of many where one is named. */
export function operationIdOf({ method, path }: Pick<Operation, "method" | "path">): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== "v1");
  const words = parts.map((part, index) => {
    const named = parts[index + 1];
    if (part.startsWith("{")) return "";
    if (named?.startsWith("{") !== true) return part;
    const one = part.replace(/ies$/, "y").replace(/([^s])s$/, "$1");
    return one === part ? `${part}-by-${named.slice(1, -1)}` : one;
  });
  const pascal = words
    .flatMap((word) => word.split(/[^A-Za-z0-9]+/))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return method + pascal.join("");
}

function tagOf(path: string): string {
  const word = path.split("/").find((part) => part !== "" && part !== "v1") ?? "";
  return operationWords.has(word) ? "operation" : word;
}

function needSentence(need: string): string[] {
  if (need === "public") return [];
  if (need === "user") return ["For everybody who says who they are, keys of any scope included."];
  if (need === "session") return ["For people who logged in, not for API keys."];
  return [`Needs \`${need}\`: of the user's role and, when a key asks, of the key's scopes.`];
}

const requestIdParameter = {
  name: "X-Request-Id",
  in: "header",
  required: false,
  description: "A name for the request, 1 to 128 of A-Za-z0-9._-; one is made when there is none",
  schema: { type: "string" },
};

function nameParameter(parameter: unknown): unknown {
  if (!isIdempotencyKey(parameter)) return parameter;
  const description = "Names the request: a repeat under one name is done once and answers the first result";
  return { ...asJson(parameter), name: "Idempotency-Key", description };
}

function isIdempotencyKey(parameter: unknown): boolean {
  return String(asJson(parameter)["name"]).toLowerCase() === "idempotency-key";
}

/** Faults by the status that tells them. */
const codesByStatus = new Map<number, FaultCode[]>();
for (const [code, { http }] of Object.entries(faults) as [FaultCode, { http: number }][]) {
  codesByStatus.set(http, [...(codesByStatus.get(http) ?? []), code]);
}

/** Of `default`: what the declaration lets follow. What a route says itself stands. */
function completeResponses(operation: Operation): Json {
  const { default: rest, ...own } = asJson(operation.declared["responses"]);
  const refused = rest === undefined ? [] : refusedStatuses(operation);
  const told = [...Object.keys(own), ...refused.map(String)].toSorted();
  return Object.fromEntries(
    [...new Set(told)].map((status) => {
      const response = asJson(own[status]);
      const media = Object.keys(asJson(response["content"]));
      const isRefusal = own[status] === undefined || (media.length === 1 && media[0] === problemContentType);
      return [status, isRefusal ? referTo(Number(status)) : withHeaders(response, operation.path)];
    }),
  );
}

function refusedStatuses({ method, path, declared }: Operation): number[] {
  const need = declared["x-needs"];
  const isNamed = asList(declared["parameters"]).some(isIdempotencyKey);
  return [
    400,
    ...(need === "public" ? [] : [401]),
    ...(need === "public" || need === "user" ? [] : [403]),
    ...(path.includes("{") ? [404] : []),
    ...(isNamed ? [409] : []),
    ...(method === "get" ? [] : [413]),
    ...(unlimited.has(path) ? [] : [429]),
    500,
    503,
  ];
}

function referTo(status: number): Json {
  return { $ref: `#/components/responses/${refusalName(codesByStatus.get(status) ?? [])}` };
}

function refusalName(codes: readonly FaultCode[]): string {
  const [code] = codes;
  if (code === undefined) throw new Error("a route declares a refusal of a status that no fault has");
  return code.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function refusalOf(status: number, codes: readonly FaultCode[]): [string, Json] {
  const schema = {
    allOf: [
      { $ref: `#/components/schemas/${problemSchemaName}` },
      { type: "object", properties: { status: { const: status }, code: { type: "string", enum: codes } } },
    ],
  };
  const further =
    status === 401 ? ["WWW-Authenticate"] : status === 429 || status === 503 ? ["Retry-After"] : [];
  return [
    refusalName(codes),
    {
      description: codes.map((code) => `\`${code}\`: ${faults[code].title}.`).join(" "),
      headers: referToHeaders(["X-Request-Id", ...further, ...Object.keys(limitHeaders)]),
      content: { [problemContentType]: { schema } },
    },
  ];
}

function withHeaders(response: Json, path: string): Json {
  const names = ["X-Request-Id", ...(unlimited.has(path) ? [] : Object.keys(limitHeaders))];
  return { ...response, headers: { ...asJson(response["headers"]), ...referToHeaders(names) } };
}

function referToHeaders(names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function asJson(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
