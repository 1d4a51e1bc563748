import assert from "node:assert/strict";
import { test } from "node:test";
import { serializeError } from "../src/log.ts";

test("an error is told by its words, code and causes, not by what it failed on", () => {
  const refused = Object.assign(new Error("null value in column"), {
    name: "DatabaseError",
    code: "23502",
    detail: "Failing row contains (1, a secret body)",
    where: "a secret body",
    parameters: ["a secret body"],
  });
  const told = serializeError(new Error("no commit", { cause: refused }));
  assert.ok(!JSON.stringify(told).includes("secret body"));
  assert.ok(typeof told === "object");
  assert.equal(told.cause?.message, "null value in column");
  assert.equal(told.cause?.code, "23502");
});

test("causes that go in a circle end", () => {
  const error = new Error("round");
  error.cause = error;
  assert.match(JSON.stringify(serializeError(error)), /round/);
});
