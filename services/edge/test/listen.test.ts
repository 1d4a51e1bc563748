import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { ConfigError } from "@rookery/runtime";
import { App, us_listen_socket_close, us_socket_local_port } from "uWebSockets.js";
import { listen } from "../src/listen.ts";

test("a port that somebody listens on is not shared with them, whoever they are", async (t) => {
  const first = await listen(App(), { host: "127.0.0.1", port: 0 });
  t.after(() => us_listen_socket_close(first));
  const other = createServer();
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  t.after(() => other.close());
  const address = other.address();
  assert.ok(address !== null && typeof address !== "string");
  for (const port of [us_socket_local_port(first), address.port]) {
    await assert.rejects(listen(App(), { host: "127.0.0.1", port }), (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1 port ${port}`));
      return true;
    });
  }
});
