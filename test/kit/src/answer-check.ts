/** Holds answers against an OpenAPI 3.1 document: what a server answers and does not say is a mistake of one of the two. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";

type Json = Readonly<Record<string, unknown>>;

export interface CheckedAnswer {
  readonly method: string;
  /** With or without a query. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
}

/** @returns what is wrong with an answer; null for one the document tells of. */
export type AnswerCheck = (answer: CheckedAnswer) => string | null;

/** The surface that Telegram's own documents describe. */
const botApi = /^\/(file\/)?bot/;
const shownErrorsMax = 5;

/**
 * Status known to the operation, content type known to the status, body as its schema has it and nothing more: the
 * document leaves room for what later versions add, this check does not.
 */
export function openAnswerCheck(document: unknown): AnswerCheck {
  const whole = asJson(document);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(asJson(closeSchemas(document)), "api");
  const paths = Object.keys(asJson(whole["paths"]))
    .map((path) => ({ path, pattern: patternOf(path) }))
    .toSorted((one, other) => one.path.split("{").length - other.path.split("{").length);

  const validators = new Map<string, ValidateFunction>();
  function validatorOf(place: string): ValidateFunction {
    const known = validators.get(place) ?? ajv.compile({ $ref: place });
    validators.set(place, known);
    return known;
  }

  function complaintOf({ method, path, status, contentType, text }: CheckedAnswer): string | null {
    const bare = path.split("?")[0] ?? path;
    if (method === "OPTIONS" || botApi.test(bare)) return null;
    const known = paths.find(
      (each) => each.pattern.test(bare) && operationOf(whole, each.path, method) !== undefined,
    );
    const response =
      known === undefined
        ? refusalAt(status)
        : `paths/${escape(known.path)}/${verb(method)}/responses/${status}`;
    const [pointer, told] = response === null ? ["", undefined] : follow(whole, response);
    if (told === undefined) return known === undefined ? "is not in the document" : "has an unknown status";
    const content = asJson(told["content"]);
    if (method === "HEAD" || Object.keys(content).length === 0) {
      return text === "" ? null : "has a body, which the document does not tell";
    }
    const type = contentType?.split(";")[0]?.trim() ?? "none";
    // Bytes of a file, of any kind.
    if (content["*/*"] !== undefined) return null;
    if (content[type] === undefined) return `has an unknown content type ${type}`;
    if (!/[/+]json$/.test(type)) return null;
    const validate = validatorOf(`api#/${pointer}/content/${escape(type)}/schema`);
    if (validate(readJson(text))) return null;
    const errors = (validate.errors ?? []).slice(0, shownErrorsMax);
    return errors
      .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
      .join("; ");
  }

  /** What any path may be answered with, one that is not there too. */
  function refusalAt(status: number): string | null {
    const refusals = asJson(asJson(whole["components"])["responses"]);
    const name = Object.keys(refusals).find((each) =>
      JSON.stringify(refusals[each]).includes(`"const":${status}`),
    );
    return name === undefined ? null : `components/responses/${name}`;
  }

  return (answer) => {
    const complaint = complaintOf(answer);
    if (complaint === null) return null;
    const { method, path, status, text } = answer;
    return `${method} ${path.split("?")[0]} ${status} ${complaint}: ${text.slice(0, 500)}`;
  };
}

function operationOf(whole: Json, path: string, method: string): unknown {
  return asJson(asJson(whole["paths"])[path])[verb(method)];
}

function verb(method: string): string {
  return method === "HEAD" ? "get" : method.toLowerCase();
}

/** A place in the document, references followed, and what is there. */
function follow(whole: Json, pointer: string): [string, Json | undefined] {
  const found = pointer
    .split("/")
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((at, part) => asJson(at)[part], whole);
  const reference = asJson(found)["$ref"];
  if (typeof reference === "string") return follow(whole, reference.slice(2));
  return [pointer, found === undefined ? undefined : asJson(found)];
}

function escape(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function patternOf(path: string): RegExp {
  const parts = path.split(/\{[^}]*\}/).map((part) => part.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join("[^/]+")}$`);
}

/** The same document, in which an object has the properties that are told and no others. */
function closeSchemas(value: unknown, isPart = false): unknown {
  if (Array.isArray(value)) return value.map((each) => closeSchemas(each, isPart));
  if (typeof value !== "object" || value === null) return value;
  const closed = Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, closeSchemas(each, name === "allOf")]),
  );
  const isOpen = "additionalProperties" in value || isPart;
  const hasProperties = "properties" in value && typeof value.properties === "object" && "type" in value;
  const isWhole = hasProperties || "allOf" in value;
  return isWhole && !isOpen ? { ...closed, unevaluatedProperties: false } : closed;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asJson(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}
