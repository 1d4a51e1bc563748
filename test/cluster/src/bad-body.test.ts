/** Every operation of the document, asked with bodies, paths and queries that are wrong in one place: 4xx that says where. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type Cluster, openCluster } from "./cluster.ts";
import { type ApiDocument, readDocument } from "./document.ts";
import { type Problem, request, type RequestOptions } from "./rest.ts";
import { listRows, type Row } from "./rights/expectation.ts";
import { bodySchemaOf, openStage, type Stage } from "./rights/stage.ts";
import { isNeverText, spoil } from "./rights/spoiling.ts";
import { makeKeyPem } from "./signing.ts";

/** Served beside Hono: whatever Telegram sends is taken, and a socket is asked for by upgrade. */
const foreign = new Set(["/v1/ws", "/v1/telegram/webhook/{botUsername}"]);
/** Bodies may be absent, and what is no JSON object is no body. */
const noBodies = ["", "{", "[]", "5", "null", '"x"', "\0"];
const noNumbers = ["x", "-1", "1.5", "99999999999999999999"];
const noTexts = ["%00", "%ED%A0%80", "%E0%A4%A"];
const bodyBytesMax = 1_048_576;

describe("what is wrong in one place", () => {
  let cluster: Cluster;
  let document: ApiDocument;
  let stage: Stage;
  let rows: readonly Row[];
  const ajv = new Ajv2020({ strict: false });

  before(async () => {
    cluster = await openCluster({ env: { TELEGRAM_API_ROOT: "http://127.0.0.1:9" } });
    ({ document } = await readDocument(cluster.base));
    rows = listRows(document).filter(({ path }) => !foreign.has(path));
    stage = await openStage(cluster, document, makeKeyPem());
    ajv.addSchema(document, "api");
  });
  after(() => cluster?.close());

  /** As the owner, who may; what anybody may is asked by nobody, so that no session ends. */
  async function ask({ method, operation }: Row, path: string, options: RequestOptions) {
    const token = operation["x-needs"] === "public" ? undefined : stage.tokenOf("owner");
    const said = token === undefined ? options : { ...options, token };
    return await request<Problem>(cluster.base, method, path, said);
  }

  it("[F] a body is 400 or 413 and names the field, never 5xx", async () => {
    let asked = 0;
    const wrong: string[] = [];
    for (const row of rows) {
      const schema = bodySchemaOf(row.operation);
      if (schema === undefined) continue;
      const name = `${row.method} ${row.path}`;
      const { path, body } = await stage.callOf(row, "owner");
      const allows = ajv.compile({ ...schema, components: document.components });
      for (const each of spoil(document, schema, body as object)) {
        const { status, body: problem, text } = await ask(row, path, { body: each.body });
        asked += 1;
        const where = `${name} ${each.path}=${each.what}: ${status} ${text.slice(0, 300)}`;
        const isWrong = isNeverText(each.what) || !allows(each.body);
        if (status >= 500) wrong.push(where);
        else if (isWrong && status !== 400 && status !== 413) wrong.push(where);
        else if (isWrong && problem.errors?.some((error) => error.path.startsWith(each.path)) !== true)
          wrong.push(`${where} does not name ${each.path}`);
      }
    }
    assert.ok(asked > 500, `${asked} bodies`);
    assert.deepEqual(wrong, []);
  });

  it("[F] what is no JSON object is 400, what is over 1 MiB 413", async () => {
    const wrong: string[] = [];
    for (const row of rows) {
      // What is any bytes is never wrong.
      if (row.operation.requestBody?.content["application/json"] === undefined) continue;
      const { path } = await stage.callOf(row, "owner");
      for (const raw of noBodies) {
        const { status, body, text } = await ask(row, path, { raw });
        const mayBeEmpty = raw === "" && row.operation["x-needs"] === "public";
        if (mayBeEmpty ? status >= 500 : status !== 400 || (body.errors ?? []).length === 0)
          wrong.push(`${row.method} ${row.path} ${JSON.stringify(raw)}: ${status} ${text}`);
      }
      const { status } = await ask(row, path, { raw: `"${"x".repeat(bodyBytesMax)}"` });
      if (status !== 413) wrong.push(`${row.method} ${row.path} over 1 MiB: ${status}`);
    }
    assert.deepEqual(wrong, []);
  });

  it("[F] a path or query is 400 or 404, never 5xx", async () => {
    const wrong: string[] = [];
    for (const row of rows) {
      const { path, body } = await stage.callOf(row, "owner");
      const options = body === undefined ? {} : { body };
      const bare = path.split("?")[0] ?? path;
      const paths = row.path.split("/").flatMap((part, index) => {
        const parts = bare.split("/");
        if (!part.startsWith("{")) return [];
        const named = row.operation.parameters?.find(({ name }) => `{${name}}` === part);
        const values = named?.schema["type"] === "integer" ? ["0", ...noNumbers, ...noTexts] : noTexts;
        return values.map((each) => parts.with(index, each).join("/"));
      });
      for (const each of paths) {
        const { status, text } = await ask(row, each, options);
        if (status !== 400 && status !== 404) wrong.push(`${row.method} ${each}: ${status} ${text}`);
      }
      const named = (row.operation.parameters ?? []).filter((each) => each.in === "query");
      for (const { name, schema } of row.method === "GET" ? named : []) {
        for (const value of [...noNumbers, ...noTexts]) {
          const { status, text } = await ask(row, `${bare}?${name}=${value}`, {});
          const isNumber = schema["type"] === "integer";
          if (isNumber ? status !== 400 : status >= 500)
            wrong.push(`${row.method} ${bare}?${name}=${value}: ${status} ${text}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  });
});
