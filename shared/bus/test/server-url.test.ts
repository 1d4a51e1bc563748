import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServerUrl } from "../src/server-url.ts";

test("one address, with and without scheme and port", () => {
  for (const text of ["nats://127.0.0.1", "127.0.0.1:4222", "nats://127.0.0.1:4222/"]) {
    assert.deepEqual(parseServerUrl(text), { servers: ["127.0.0.1:4222"], tls: false }, text);
  }
});

test("several addresses share the credentials of the first", () => {
  assert.deepEqual(parseServerUrl("tls://edge:p%40ss@a:1, tls://b:2"), {
    servers: ["a:1", "b:2"],
    user: "edge",
    password: "p@ss",
    tls: true,
  });
  assert.deepEqual(parseServerUrl("nats://secret@a:1"), { servers: ["a:1"], token: "secret", tls: false });
});

test("what is no address is refused without repeating a secret", () => {
  for (const text of ["", "http://u:hunter2@a", "nats://u:hunter2@", "nats://u:hunter2@a:b"]) {
    assert.throws(
      () => parseServerUrl(text),
      (error) => error instanceof TypeError && !error.message.includes("hunter2"),
      text,
    );
  }
});
