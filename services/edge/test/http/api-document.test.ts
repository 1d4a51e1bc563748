/** The document is one that strangers' tools take, and it tells of every route what it may answer. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { faults } from "@rookery/protocol";
import { Validator } from "@seriousme/openapi-schema-validator";
import openapiTypes, { astToString } from "openapi-typescript";
import { operationIdOf } from "../../src/http/api-document.ts";
import { openEdgeFixture } from "../edge-fixture.ts";
import { readJson } from "../json-body.ts";

const edge = await openEdgeFixture(() => ({ submit: () => Promise.reject(new Error("no commands here")) }));
after(() => edge.close());

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly "x-needs"?: string;
  readonly parameters: readonly { readonly name?: string; readonly schema?: object }[];
  readonly responses: Record<string, { readonly $ref?: string; readonly headers?: object }>;
}
interface Document {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
}

const text = await (await edge.app.request("/v1/openapi.json")).text();
const document: Document = JSON.parse(text);
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method, path, ...operation })),
);

test("a validator of OpenAPI 3.1 accepts it, and refuses one that is broken", async () => {
  const verdict = await new Validator().validate(JSON.parse(text));
  assert.deepEqual(verdict.valid ? [] : verdict.errors, []);
  const broken = JSON.parse(text);
  broken.paths["/v1/chats"].get.parameters = "none";
  assert.equal((await new Validator().validate(broken)).valid, false);
});

test("a stranger's generator makes types of it that the compiler takes", async () => {
  const folder = await mkdtemp(fileURLToPath(new URL("types-", import.meta.url)));
  try {
    await writeFile(join(folder, "api.ts"), astToString(await openapiTypes(text)));
    await writeFile(join(folder, "use.ts"), use);
    const tsc = fileURLToPath(new URL("../../../../node_modules/.bin/tsc", import.meta.url));
    const flags = ["--ignoreConfig", "--noEmit", "--strict", "--target", "esnext", "--module", "nodenext"];
    const compile = (file: string) =>
      spawnSync(tsc, [...flags, "--allowImportingTsExtensions", join(folder, file)], { encoding: "utf8" });
    const { status, stdout } = compile("use.ts");
    assert.equal(status, 0, stdout);
    await writeFile(join(folder, "misuse.ts"), use.replace("body: ", "boddy: "));
    assert.notEqual(compile("misuse.ts").status, 0, "what the document does not tell is refused");
  } finally {
    await rm(folder, { recursive: true });
  }
});

const use = `import type { components, operations } from "./api.ts";
type Send = operations["postChatMessages"];
export const draft: Send["requestBody"]["content"]["application/json"] = { body: "hello" };
export const place: Send["parameters"]["path"] = { id: 5 };
export function told(message: Send["responses"][201]["content"]["application/json"]): string {
  return message.poll?.question ?? message.body;
}
export const last: components["schemas"]["Chat"]["lastMessage"] = null;
`;

test("every route is told, with a name of its own, a tag, a summary, its need and who it lets in", () => {
  const served = new Set(
    edge.app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`),
  );
  const told = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  const foreign = ["GET /v1/ws", "POST /v1/telegram/webhook/{botUsername}"];
  assert.deepEqual([...served, ...foreign].toSorted(), told.toSorted());
  assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
  const tags = new Map(document.tags.map(({ name, description }) => [name, description]));
  for (const operation of operations) {
    const { operationId, summary, security, responses } = operation;
    assert.match(operationId, /^[a-z][A-Za-z0-9]+$/);
    assert.ok(operation.tags.length === 1 && tags.get(operation.tags[0] ?? "") !== undefined, operationId);
    assert.ok(summary !== undefined && security !== undefined, operationId);
    assert.ok(operation["x-needs"] !== undefined, operationId);
    assert.ok(!("default" in responses), `${operationId} tells its statuses`);
  }
});

test("operations keep their names, for they are what a made client calls", () => {
  for (const [method, path, name] of [
    ["get", "/v1/chats", "getChats"],
    ["get", "/v1/chats/{id}", "getChat"],
    ["post", "/v1/chats/{id}/messages", "postChatMessages"],
    ["delete", "/v1/chats/{id}/messages/{seq}/reactions/{emoji}", "deleteChatMessageReaction"],
    ["get", "/v1/chats/{id}/acl", "getChatAcl"],
    ["get", "/v1/chats/{id}/acl/{subject}", "getChatAclBySubject"],
    ["get", "/v1/deliveries/{id}", "getDelivery"],
    ["get", "/.well-known/jwks.json", "getWellKnownJwksJson"],
  ] as const) {
    assert.equal(operationIdOf({ method, path }), name);
  }
});

test("every refusal is a problem document whose status and codes are those of the table of faults", async () => {
  const { components } = await readJson<{
    components: { responses: Record<string, { content: object; headers: object }> };
  }>(await edge.app.request("/v1/openapi.json"));
  const told = JSON.stringify(components.responses);
  for (const [code, { http }] of Object.entries(faults)) {
    const [refusal] = Object.values(components.responses).filter((each) =>
      JSON.stringify(each.content).includes(`{"const":${http}}`),
    );
    assert.ok(JSON.stringify(refusal?.content).includes(`"${code}"`), code);
    assert.ok(refusal !== undefined && "X-Request-Id" in refusal.headers);
    assert.equal("Retry-After" in refusal.headers, http === 429 || http === 503, code);
  }
  assert.doesNotMatch(told, /application\/json/);
});

test("what follows from a declaration is told: who must say who they are, what may be missing, taken or too much", () => {
  for (const { method, path, responses, ...operation } of operations) {
    if (path === "/v1/ws" || path.startsWith("/v1/telegram/")) continue;
    const name = `${method} ${path}`;
    const isPublic = operation["x-needs"] === "public";
    for (const status of ["400", "500", "503"]) assert.ok(status in responses, `${name} ${status}`);
    if (!isPublic) assert.ok("401" in responses, name);
    assert.equal("413" in responses, method !== "get", name);
    if (path.includes("{")) assert.ok("404" in responses, name);
    if (operation.parameters.some((each) => each.name === "Idempotency-Key"))
      assert.ok("409" in responses, name);
  }
});

test("no schema is `exactOptional`, which the document would tell as required", async () => {
  const folder = fileURLToPath(new URL("../../src/", import.meta.url));
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".ts"));
  for (const name of files) {
    assert.doesNotMatch(
      await readFile(join(folder, name), "utf8"),
      /\.exactOptional\(/,
      `${name}: use omittable`,
    );
  }
});
