/** A token is good until it ends, for whoever holds the key that signed it and nobody else. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Cluster, openCluster } from "./cluster.ts";
import { type Person, type Problem, register, request } from "./rest.ts";
import { makeKeyPem, nowSeconds, reissue } from "./signing.ts";
import { openSocket, UpgradeRefused } from "./socket.ts";

describe("a token", () => {
  let keyFolder: string;
  let keyPem: string;
  let cluster: Cluster;
  let ann: Person;

  before(async () => {
    // A key of our own, so that a token can be signed whose time is over.
    keyFolder = mkdtempSync(join(tmpdir(), "rookery-key-"));
    keyPem = makeKeyPem();
    const keyFile = join(keyFolder, "jwt-key.pem");
    writeFileSync(keyFile, keyPem, { mode: 0o600 });
    cluster = await openCluster({ env: { JWT_PRIVATE_KEY_FILE: keyFile } });
    ann = await register(cluster.base, "ann");
  });
  after(async () => {
    await cluster?.close();
    rmSync(keyFolder, { recursive: true, force: true });
  });

  async function assertRefused(token: string, why: string): Promise<void> {
    const answer = await request<Problem>(cluster.base, "GET", "/v1/chats", { token });
    assert.deepEqual([answer.status, answer.body.code], [401, "unauthorized"], `${why}: ${answer.text}`);
    for (const format of ["json", "proto"] as const) {
      await assert.rejects(openSocket({ base: cluster.base, token, format }), (error) => {
        assert.ok(error instanceof UpgradeRefused, `${why}: ${String(error)}`);
        assert.equal(error.status, 401);
        return true;
      });
    }
  }

  it("signed anew with time to spare is good, so what follows is about its time", async () => {
    const good = reissue(ann.token, nowSeconds() + 60, keyPem);
    assert.equal((await request(cluster.base, "GET", "/v1/chats", { token: good })).status, 200);
    await (await openSocket({ base: cluster.base, token: good })).close();
  });

  it("that has ended is 401 unauthorized, by REST and at the upgrade", async () => {
    await assertRefused(reissue(ann.token, nowSeconds() - 120, keyPem), "expired");
  });

  it("of another key, cut short, unsigned or missing is 401 unauthorized", async () => {
    const [, claims] = ann.token.split(".") as [string, string];
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url");
    await assertRefused(reissue(ann.token, nowSeconds() + 60, makeKeyPem()), "a foreign key");
    await assertRefused(ann.token.slice(0, -10), "cut short");
    await assertRefused(`${none}.${claims}.`, "unsigned");
    await assertRefused("nonsense", "nonsense");
    const answer = await request<Problem>(cluster.base, "GET", "/v1/chats");
    assert.deepEqual([answer.status, answer.body.code], [401, "unauthorized"]);
  });

  it("that ends while its socket is open ends the socket: 4401 or Error unauthorized", async () => {
    const socket = await openSocket({
      base: cluster.base,
      token: reissue(ann.token, nowSeconds() + 3, keyPem),
    });
    const closed = await Promise.race([
      socket.closed.then(({ code }) => code),
      socket
        .frame("Error", ({ code }) => code === "unauthorized", { withinMs: 14_000 })
        .then(
          () => 4401,
          () => 0,
        ),
    ]);
    assert.equal(closed, 4401);
    await socket.close();
  });
});
