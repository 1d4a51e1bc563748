/** Sessions from outside: on two edges, a session that ends is over everywhere at once; tokens outlive keys and clocks. */
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "@rookery/kit";
import { type Cluster, openCluster } from "./cluster.ts";
import { expect, login, type Person, type Problem, register, request } from "./rest.ts";
import { openSocket, type Socket, UpgradeRefused } from "./socket.ts";

/** The promise of A3. */
const endedMsMax = 1_000;

interface SessionBody {
  readonly id: number;
  readonly device: string | null;
  readonly address: string | null;
  readonly lastUsedAt: number;
  readonly current: boolean;
}

function makeKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

function partOf(token: string, index: 0 | 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[index] ?? "", "base64url").toString());
}

/** The claims of a good token, signed again with another end. */
function reissue(token: string, expSeconds: number, keyPem: string): string {
  const [head] = token.split(".") as [string];
  const claims = { ...partOf(token, 1), iat: expSeconds - 900, exp: expSeconds };
  const text = `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  const signature = sign("sha256", Buffer.from(text), { key: keyPem, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

describe("a session, on two edges", () => {
  let folder: string;
  let keyFile: string;
  let keyPem: string;
  let cluster: Cluster;
  let here: string;
  let there: string;
  let slowestMs = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "rookery-session-"));
    keyFile = join(folder, "jwt-key.pem");
    keyPem = makeKeyPem();
    writeFileSync(keyFile, keyPem, { mode: 0o600 });
    cluster = await openCluster({ edges: 2, rateLimits: "on", env: { JWT_PRIVATE_KEY_FILE: keyFile } });
    [here, there] = cluster.edges as [string, string];
  });

  after(async () => {
    // A figure, not a limit.
    process.stdout.write(`slowest end of a socket on the other edge: ${Math.round(slowestMs)} ms\n`);
    await cluster?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Ends something, and sees the socket on the other edge closed for it in time. */
  async function assertEnds(socket: Socket, end: () => Promise<unknown>): Promise<void> {
    await end();
    // From the answer: before it, a change of password is two bcrypts, which a busy machine takes its time for.
    const answeredMs = performance.now();
    const { code } = await socket.closed;
    const tookMs = performance.now() - answeredMs;
    assert.equal(code, 4401);
    assert.ok(tookMs < endedMsMax, `closed after ${Math.round(tookMs)} ms`);
    slowestMs = Math.max(slowestMs, tookMs);
  }

  const connect = (person: Person) => openSocket({ base: there, token: person.token });
  const refresh = (refreshToken: string) =>
    request<Problem & { refreshToken: string; accessToken: string }>(here, "POST", "/v1/auth/refresh", {
      body: { refreshToken },
    });

  it("that is revoked has its sockets closed with 4401 on the other edge within a second, and opens no others", async () => {
    const first = await register(here, "ann");
    const second = await login(here, first);
    const [firsts, seconds] = [await connect(first), await connect(second)];
    const { items } = await expect<{ items: SessionBody[] }>(200, here, "GET", "/v1/auth/sessions", {
      token: second.token,
    });
    const other = items.find(({ current }) => !current);
    await assertEnds(firsts, () =>
      expect(204, here, "DELETE", `/v1/auth/sessions/${other?.id}`, { token: second.token }),
    );
    for (const base of [here, there]) {
      const answer = await request<Problem>(base, "GET", "/v1/users/me", { token: first.token });
      assert.deepEqual([answer.status, answer.body.code], [401, "unauthorized"]);
      await assert.rejects(openSocket({ base, token: first.token }), UpgradeRefused);
    }
    // The one that did it goes on.
    seconds.send({ type: "Ping", t: 1 });
    await seconds.frame("Pong");
    await assertEnds(seconds, () => expect(204, here, "POST", "/v1/auth/logout", { token: second.token }));
  });

  it("ends with logout-all, with another's change of password, and with its refresh token used again", async () => {
    const ben = await register(here, "ben");
    await assertEnds(await connect(ben), () =>
      expect(204, here, "POST", "/v1/auth/logout-all", { token: ben.token }),
    );
    const [old, changing] = [await login(here, ben), await login(here, ben)];
    const kept = await connect(changing);
    await assertEnds(await connect(old), () =>
      expect(204, here, "POST", "/v1/auth/password", {
        token: changing.token,
        body: { old: ben.password, new: "a better password" },
      }),
    );
    kept.send({ type: "Ping", t: 2 });
    await kept.frame("Pong");

    // The answer is lost: the same again gives the same successor.
    const [once, twice] = await Promise.all([refresh(changing.refreshToken), refresh(changing.refreshToken)]);
    assert.deepEqual([once.status, once.body.refreshToken], [200, twice.body.refreshToken]);
    assert.equal((await refresh(once.body.refreshToken)).status, 200);
    await assertEnds(kept, async () => {
      const reused = await refresh(changing.refreshToken);
      assert.deepEqual([reused.status, reused.body.code], [401, "refresh_reused"]);
    });
    assert.equal((await refresh(once.body.refreshToken)).body.code, "refresh_reused");
  });

  it("is listed with its device, address and last use", async () => {
    const cat = await register(here, "cat");
    const socket = await openSocket({ base: there, token: cat.token, device: "cat's phone" });
    const own = async () => {
      const path = "/v1/auth/sessions";
      const page = await expect<{ items: SessionBody[] }>(200, here, "GET", path, { token: cat.token });
      return page.items[0];
    };
    // Uses are written together, every few seconds.
    await until(async () => (await own())?.device === "cat's phone", { withinMs: 10_000 });
    const session = await own();
    assert.match(session?.address ?? "", /127\.0\.0\.1$/);
    assert.ok(Math.abs(Date.now() - (session?.lastUsedAt ?? 0)) < 60_000);
    await socket.close();
  });

  it("is not opened by guessing: the sixth login of an account in a minute is 429 with Retry-After, on either edge", async () => {
    const dan = await register(here, "dan");
    const tries = [];
    for (let n = 0; n < 8; n++) {
      const body = { email: dan.email, password: n === 7 ? dan.password : "a wrong guess" };
      tries.push(await request<Problem>([here, there][n % 2] ?? here, "POST", "/v1/auth/login", { body }));
    }
    const refused = tries.filter(({ status }) => status === 429);
    assert.ok(refused.length >= 2, tries.map(({ status }) => status).join());
    assert.equal(tries.at(-1)?.status, 429, "also with the right password");
    for (const { body, headers } of refused) {
      assert.equal(body.code, "rate_limited");
      assert.ok(Number(headers.get("retry-after")) >= 1);
    }
  });

  it("is good for clocks a few seconds apart, and for no more", async () => {
    const eve = await register(here, "eve");
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const status = async (expSeconds: number) => {
      const token = reissue(eve.token, expSeconds, keyPem);
      return (await request(there, "GET", "/v1/users/me", { token })).status;
    };
    assert.equal(await status(nowSeconds - 2), 200);
    assert.equal(await status(nowSeconds - 30), 401);
  });

  it("outlives a change of key across a restart: both keys are published, the new one signs, the old one verifies", async () => {
    const fay = await register(here, "fay");
    const oldKid = partOf(fay.token, 0)["kid"];
    const kids = async (base: string) => {
      const { keys } = await expect<{ keys: { kid: string }[] }>(200, base, "GET", "/.well-known/jwks.json");
      return keys.map(({ kid }) => kid);
    };
    assert.deepEqual(await kids(here), [oldKid]);
    const nextPem = makeKeyPem();
    writeFileSync(keyFile, nextPem + keyPem, { mode: 0o600 });
    await cluster.restart();
    const renewed = await login(here, fay);
    const newKid = partOf(renewed.token, 0)["kid"];
    assert.notEqual(newKid, oldKid);
    for (const base of [here, there]) {
      assert.deepEqual(await kids(base), [newKid, oldKid]);
      for (const { token } of [fay, renewed]) await expect(200, base, "GET", "/v1/users/me", { token });
    }
    assert.equal((await refresh(fay.refreshToken)).status, 200);
    // Without a restart too: what is taken out of the file is worthless some seconds later.
    writeFileSync(keyFile, nextPem, { mode: 0o600 });
    const answer = () => request(there, "GET", "/v1/users/me", { token: fay.token });
    await until(async () => (await answer()).status === 401, { withinMs: 15_000 });
    await expect(200, there, "GET", "/v1/users/me", { token: renewed.token });
  });
});
