import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { renderDocument } from "../../src/http/document-page.ts";
import { openEdgeFixture } from "../edge-fixture.ts";
import { readJson } from "../json-body.ts";

const edge = await openEdgeFixture(() => ({ submit: () => Promise.reject(new Error("no commands here")) }));
after(() => edge.close());

test("the page tells every operation of the document, and every named schema, without help from anywhere", async () => {
  const answer = await edge.app.request("/docs");
  const html = await answer.text();
  const document = await readJson<{
    paths: Record<string, Record<string, { summary?: string }>>;
    components: { schemas: object };
  }>(await edge.app.request("/v1/openapi.json"));
  assert.match(answer.headers.get("content-type") ?? "", /text\/html/);
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `<b class="m">${method.toUpperCase()}</b><code>${path}</code>`),
  );
  assert.ok(operations.length > 20);
  for (const operation of operations) assert.ok(html.includes(operation), operation);
  for (const name of Object.keys(document.components.schemas))
    assert.ok(html.includes(`id="schema-${name}"`), name);
  for (const [, anchor] of html.matchAll(/href="#([^"]+)"/g))
    assert.ok(html.includes(`id="${anchor}"`), anchor);
  assert.doesNotMatch(
    html,
    /<script|<link|<img|src=|https?:|@import|url\(/,
    "nothing is fetched, nothing runs",
  );
});

test("its policy lets its one style in and nothing else", async () => {
  const answer = await edge.app.request("/docs");
  const style = /<style>(.*?)<\/style>/s.exec(await answer.text())?.[1] ?? assert.fail("no style");
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = answer.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none';/);
  assert.ok(policy.includes(`style-src 'sha256-${hash}';`), policy);
  assert.match(policy, /frame-ancestors 'none'/);
});

test("what a document says is text, never markup; a schema within itself ends", () => {
  const evil = '<script>alert("1")</script>';
  const node: Record<string, unknown> = { type: "object", required: ["next"], properties: {} };
  node["properties"] = { next: node, name: { type: ["string", "null"], maxLength: 9, description: evil } };
  const { html } = renderDocument({
    info: { title: evil, version: "1", description: evil },
    paths: {
      [`/v1/${evil}`]: {
        get: {
          summary: evil,
          parameters: [{ name: evil, in: "query", schema: { enum: [evil] } }],
          responses: { 200: { description: evil, content: { "application/json": { schema: node } } } },
        },
      },
    },
  });
  assert.doesNotMatch(html, /<script/);
  assert.match(html, /name\?: string \(maxLength 9\) \| null \/\//);
  assert.ok(html.includes("…"));
});
