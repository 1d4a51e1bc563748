import assert from "node:assert/strict";
import { test } from "node:test";
import { loggedPath } from "../../src/http/logged-path.ts";

test("what may be logged of a path holds no token", () => {
  assert.equal(loggedPath("/v1/bots/5/commands"), "/v1/bots/5/commands");
  assert.equal(loggedPath("/v1/ws?token=secret"), "/v1/ws");
  assert.equal(loggedPath("/bot123:secret/sendMessage?text=body"), "/bot…/sendMessage");
  assert.equal(loggedPath("/file/bot123:secret/photos/a.jpg"), "/file/bot…/photos/a.jpg");
  assert.equal(loggedPath("/bot123:secret"), "/bot…");
});
