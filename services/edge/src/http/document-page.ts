/** The API's description as one page of HTML, made here: no script runs in it, and nothing is fetched from anywhere. */
import { createHash } from "node:crypto";

/** What is read of an OpenAPI 3.1 document. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths?: object;
  readonly components?: object;
}

export interface Page {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** JSON of a document, looked at field by field. */
type Json = Readonly<Record<string, unknown>>;

const methods = ["get", "post", "put", "patch", "delete"] as const;
/** Schemas that refer to themselves end somewhere. */
const depthMax = 6;

const style = `
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.45 ui-monospace,monospace;background:#8881}
pre{padding:.6rem;overflow:auto}summary{cursor:pointer;padding:.2rem 0}
b.m{display:inline-block;width:4.2rem;font:700 14px ui-monospace,monospace}
td,th{text-align:left;vertical-align:top;padding:.1rem .9rem .1rem 0}details>*:not(summary){margin-left:1.2rem}
@media(prefers-color-scheme:dark){body{background:#161618;color:#ddd}a{color:#9cf}}`;
const styleHash = createHash("sha256").update(style).digest("base64");

export function renderDocument(document: ApiDocument): Page {
  const { info } = document;
  const operations = listOperations(document);
  const groups = [...new Set(operations.map(({ group }) => group))];
  const schemas = Object.entries(field(document.components, "schemas"));
  const html = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(info.title)} API</title><style>${style}</style>
<h1>${text(info.title)} API <small>${text(info.version)}</small></h1>
<p>${text(info.description ?? "")}</p>
<p>For programs: <a href="/v1/openapi.json">/v1/openapi.json</a> (OpenAPI 3.1).
<p>${groups.map((group) => `<a href="#${text(group)}">${text(group)}</a>`).join(" · ")} · <a href="#schemas">schemas</a>
${groups.map((group) => renderGroup(group, operations)).join("\n")}
<h2 id="schemas">schemas</h2>
${schemas.map(([name, schema]) => `<h3 id="schema-${text(name)}">${text(name)}</h3><pre>${describe(schema)}</pre>`).join("\n")}
</html>
`;
  return {
    html,
    headers: {
      "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      "cache-control": "no-cache",
    },
  };
}

interface Operation {
  readonly group: string;
  readonly method: string;
  readonly path: string;
  readonly content: Json;
}

function listOperations({ paths }: ApiDocument): Operation[] {
  return Object.entries(asJson(paths)).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const content = asJson(item)[method];
      const group = path.split("/").find((part) => part !== "" && part !== "v1") ?? "";
      return content === undefined ? [] : [{ group, method, path, content: asJson(content) }];
    }),
  );
}

function renderGroup(group: string, operations: readonly Operation[]): string {
  const own = operations.filter((operation) => operation.group === group);
  return `<h2 id="${text(group)}">${text(group)}</h2>\n${own.map(renderOperation).join("\n")}`;
}

function renderOperation({ method, path, content }: Operation): string {
  const parameters = asList(content["parameters"]).map(asJson);
  const rows = parameters.map(
    (each) =>
      `<tr><td><code>${text(each["name"])}</code><td>${text(each["in"])}<td><code>${describe(each["schema"])}</code>`,
  );
  const body = schemaOf(content["requestBody"]);
  const answers = Object.entries(asJson(content["responses"])).map(([status, answer]) => {
    const schema = schemaOf(answer);
    const told = `<b>${text(status)}</b> ${text(asJson(answer)["description"])}`;
    return schema === undefined ? `<p>${told}` : `<p>${told}<pre>${describe(schema)}</pre>`;
  });
  return `<details><summary><b class="m">${method.toUpperCase()}</b><code>${text(path)}</code> ${text(content["summary"])}</summary>
${content["description"] === undefined ? "" : `<p>${text(content["description"])}`}
${rows.length === 0 ? "" : `<table>${rows.join("")}</table>`}
${body === undefined ? "" : `<p>Body<pre>${describe(body)}</pre>`}
${answers.join("\n")}</details>`;
}

function schemaOf(holder: unknown): unknown {
  const [media] = Object.values(field(holder, "content"));
  return asJson(media)["schema"];
}

/** A schema in the notation of TypeScript, with links to the named ones; HTML. */
function describe(schema: unknown, depth = 0): string {
  const json = asJson(schema);
  if (depth > depthMax) return "…";
  if (typeof json["$ref"] === "string") {
    const name = text(json["$ref"].split("/").at(-1));
    return `<a href="#schema-${name}">${name}</a>`;
  }
  const choices = [...asList(json["anyOf"]), ...asList(json["oneOf"])];
  if (choices.length > 0) return choices.map((each) => describe(each, depth + 1)).join(" | ");
  const all = asList(json["allOf"]);
  if (all.length > 0) return all.map((each) => describe(each, depth + 1)).join(" &amp; ");
  if (json["const"] !== undefined) return text(JSON.stringify(json["const"]));
  const values = asList(json["enum"]);
  if (values.length > 0) return values.map((value) => text(JSON.stringify(value))).join(" | ");
  const types = Array.isArray(json["type"]) ? asList(json["type"]) : [json["type"] ?? "any"];
  return types.map((type) => describeType(String(type), json, depth)).join(" | ");
}

function describeType(type: string, json: Json, depth: number): string {
  if (type === "array") return `(${describe(json["items"], depth + 1)})[]`;
  if (type === "null") return type;
  if (type !== "object") return text(type) + bounds(json);
  const required = asList(json["required"]);
  const indent = "  ".repeat(depth + 1);
  const lines = Object.entries(field(json, "properties")).map(([name, property]) => {
    const note = asJson(property)["description"];
    const mark = required.includes(name) ? "" : "?";
    const comment = note === undefined ? "" : ` // ${text(note)}`;
    return `${indent}${text(name)}${mark}: ${describe(property, depth + 1)}${comment}\n`;
  });
  if (lines.length > 0) return `{\n${lines.join("")}${"  ".repeat(depth)}}`;
  const rest = json["additionalProperties"];
  return typeof rest === "object" ? `{ [key]: ${describe(rest, depth + 1)} }` : "object";
}

function bounds(json: Json): string {
  const parts = ["minimum", "maximum", "minLength", "maxLength", "default"]
    .filter((name) => json[name] !== undefined && Math.abs(Number(json[name])) !== Number.MAX_SAFE_INTEGER)
    .map((name) => `${name} ${text(json[name])}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function field(holder: unknown, name: string): Json {
  return asJson(asJson(holder)[name]);
}

function asJson(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  const plain = typeof value === "string" || typeof value === "number" ? String(value) : "";
  return plain
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
