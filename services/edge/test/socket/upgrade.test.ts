import assert from "node:assert/strict";
import { request } from "node:http";
import { after, test } from "node:test";
import type { Principal } from "@rookery/auth";
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
let prove: () => Promise<Principal> = () => Promise.reject(failure);
let isDraining = false;
const ada: Principal = {
  userId: 1,
  sessionId: 1,
  keyId: null,
  roles: ["member"],
  scopes: null,
  rateLimit: null,
  expiresMs: Number.POSITIVE_INFINITY,
};
const server = await openUwsServer((app) =>
  app.ws<Session>("/v1/ws", {
    upgrade: openUpgrade({
      authentication: { prove: () => prove() },
      access: { demand: async () => {}, may: async () => true } as unknown as Access,
      limits: { take: async () => ({ allowed: true, retryMs: 0, counted: [] }) },
      rateLimits: readRateLimits({}),
      clientAddress: () => "127.0.0.1",
      formats: openFormats(),
      draining: () => isDraining,
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
    asked.on("upgrade", (answer, socket) => {
      socket.destroy();
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

test("[W4] a socket that asks while the edge begins to stop is refused too, and not left behind", async () => {
  prove = async () => ada;
  assert.equal(await knock(), 101);
  prove = async () => {
    isDraining = true;
    return ada;
  };
  assert.equal(await knock(), 503);
});
