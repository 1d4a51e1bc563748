import assert from "node:assert/strict";
import { request } from "node:http";
import { after, test } from "node:test";
import { openLog } from "@rookery/runtime";
import type { Access } from "../../src/identity/access.ts";
import { openFaultOf } from "../../src/outage.ts";
import { readRateLimits } from "../../src/rate-limits.ts";
import type { Session } from "../../src/socket/connection.ts";
import { openFormats } from "../../src/socket/format.ts";
import { openUpgrade } from "../../src/socket/upgrade.ts";
import { openUwsServer } from "../uws-server.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
let failure: Error = new Error("not set");
const server = await openUwsServer((app) =>
  app.ws<Session>("/v1/ws", {
    upgrade: openUpgrade({
      authentication: { prove: () => Promise.reject(failure) },
      access: {} as Access,
      limits: { take: async () => ({ allowed: true, retryMs: 0, counted: [] }) },
      rateLimits: readRateLimits({}),
      clientAddress: () => "127.0.0.1",
      formats: openFormats(),
      draining: () => false,
      allowsOrigin: () => true,
      faultOf: openFaultOf(log),
      log,
    }),
  }),
);
after(() => server.close());

/** The status that an upgrade is refused with. */
function knock(): Promise<number | undefined> {
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    authorization: "Bearer any",
  };
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}/v1/ws`, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on("error", reject).end();
  });
}

test("a socket is refused as unavailable while Postgres cannot be asked, and as a bug only for a bug", async () => {
  failure = new Error("timeout exceeded when trying to connect");
  assert.equal(await knock(), 503);
  failure = new Error("something else");
  assert.equal(await knock(), 500);
});
