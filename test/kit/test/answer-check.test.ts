/** A check that sees nothing passes everything: each mistake an answer can make is planted here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CheckedAnswer, openAnswerCheck } from "../src/answer-check.ts";

const told = {
  200: {
    description: "A page",
    content: { "application/json": { schema: { $ref: "#/components/schemas/Page" } } },
  },
  404: { $ref: "#/components/responses/NotFound" },
};
const check = openAnswerCheck({
  openapi: "3.1.0",
  paths: {
    "/v1/things/{id}": { get: { responses: told }, delete: { responses: { 204: { description: "Gone" } } } },
    "/v1/things/last": { get: { responses: { 200: told[200] } } },
  },
  components: {
    schemas: {
      Page: {
        type: "object",
        required: ["items"],
        properties: { items: { type: "array", items: { $ref: "#/components/schemas/Thing" } } },
      },
      Thing: {
        type: "object",
        required: ["id"],
        properties: { id: { type: "integer" }, name: { type: "string" } },
      },
      Problem: {
        type: "object",
        required: ["code"],
        properties: { code: { type: "string" }, status: { type: "integer" } },
      },
    },
    responses: {
      NotFound: {
        content: {
          "application/problem+json": {
            schema: {
              allOf: [
                { $ref: "#/components/schemas/Problem" },
                { type: "object", properties: { status: { const: 404 } } },
              ],
            },
          },
        },
      },
    },
  },
});

const good: CheckedAnswer = {
  method: "GET",
  path: "/v1/things/5?limit=1",
  status: 200,
  contentType: "application/json; charset=utf-8",
  text: '{"items":[{"id":5,"name":"x"}]}',
};
const problem = {
  status: 404,
  contentType: "application/problem+json",
  text: '{"code":"not_found","status":404}',
};

test("what the document tells is right", () => {
  for (const answer of [
    good,
    { ...good, method: "HEAD", text: "" },
    { ...good, method: "DELETE", status: 204, contentType: null, text: "" },
    { ...good, ...problem },
    { ...good, ...problem, path: "/v1/nowhere" },
  ]) {
    assert.equal(check(answer), null);
  }
});

test("each thing it does not tell is found", () => {
  for (const [wrong, why] of [
    [{ status: 201 }, /unknown status/],
    [{ path: "/v1/things/last", ...problem }, /unknown status/],
    [{ path: "/v1/nowhere" }, /is not in the document/],
    [{ method: "PUT" }, /is not in the document/],
    [{ contentType: "text/html" }, /unknown content type text\/html/],
    [{ contentType: null }, /unknown content type none/],
    [{ text: '{"items":[{"id":"5"}]}' }, /must be integer/],
    [{ text: '{"items":[{}]}' }, /must have required property 'id'/],
    [{ text: '{"items":[{"id":5,"secret":1}]}' }, /"secret"/],
    [{ text: '{"items":[],"more":1}' }, /"more"/],
    [{ text: "{" }, /must be object/],
    [{ method: "DELETE", status: 204 }, /has a body/],
    [{ ...problem, text: '{"code":"not_found","status":400}' }, /must be equal to constant/],
    [{ ...problem, text: '{"code":"not_found","stack":"at"}' }, /"stack"/],
  ] as const) {
    assert.match(check({ ...good, ...wrong }) ?? "nothing", why, JSON.stringify(wrong));
  }
});
