import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { clockSkewMs, openTokens } from "../src/mod.ts";

const now = 1_800_000_000_000;
const claim = { userId: 7, sessionId: 9, roles: ["member"] };

function pem(key: KeyObject, type: "pkcs8" | "spki"): string {
  return key.export({ format: "pem", type }).toString();
}

function createKey(namedCurve = "P-256") {
  const pair = generateKeyPairSync("ec", { namedCurve });
  return {
    privateKey: pair.privateKey,
    privateKeyPem: pem(pair.privateKey, "pkcs8"),
    publicKeyPem: pem(pair.publicKey, "spki"),
  };
}

const key = createKey();
const tokens = await openTokens(key);
const kid = tokens.jwks.keys[0]?.kid ?? "";

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

/** A token by our own key with anything else wrong. */
function forge(
  header: Record<string, unknown>,
  payload: Record<string, unknown> & { iss?: string; aud?: string },
  by = key.privateKey,
) {
  const seconds = now / 1000;
  const right = { sub: "7", sid: "9", roles: ["member"], iss: "rookery", aud: "rookery", iat: seconds };
  return new SignJWT({ ...right, exp: seconds + 60, ...payload })
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid, ...header })
    .sign(by);
}

test("a token is its principal until it ends, then expired", async () => {
  const { token, expiresMs } = await tokens.sign(claim, now);
  assert.equal(expiresMs, now + 15 * 60_000);
  assert.deepEqual(await tokens.verify(token, now), {
    kind: "valid",
    principal: { ...claim, keyId: null, scopes: null, rateLimit: null, expiresMs },
  });
});

test("clocks may be a few seconds apart, and no further", async () => {
  const { token, expiresMs } = await tokens.sign(claim, now);
  // Signed by an edge whose clock is behind, or checked by one that is ahead.
  assert.equal((await tokens.verify(token, expiresMs + clockSkewMs - 1_000)).kind, "valid");
  assert.equal((await tokens.verify(token, expiresMs + clockSkewMs)).kind, "expired");
  const early = await forge({}, { nbf: (now + clockSkewMs) / 1_000 });
  assert.equal((await tokens.verify(early, now)).kind, "valid");
  assert.equal((await tokens.verify(early, now - 1_000)).kind, "bad");
  // An end long ago is no matter of clocks.
  assert.equal((await tokens.verify(await forge({}, { exp: now / 1_000 - 60 }), now)).kind, "expired");
});

test("a stranger verifies our tokens by the JWKS, which holds nothing private", async () => {
  const { token } = await tokens.sign(claim, now);
  const set = createLocalJWKSet({ keys: [...tokens.jwks.keys] });
  const { payload, protectedHeader } = await jwtVerify(token, set, { currentDate: new Date(now) });
  assert.equal(payload.sub, "7");
  assert.deepEqual(protectedHeader, { alg: "ES256", typ: "at+jwt", kid });
  assert.deepEqual(Object.keys(tokens.jwks.keys[0] ?? {}).toSorted(), [
    "alg",
    "crv",
    "kid",
    "kty",
    "use",
    "x",
    "y",
  ]);
});

test("only ES256 by a configured key counts: none, HS256, foreign, embedded and unnamed keys are bad", async () => {
  const payload = {
    sub: "7",
    sid: "9",
    roles: [],
    iss: "rookery",
    aud: "rookery",
    iat: now / 1000,
    exp: now / 1000 + 60,
  };
  const none = `${encode({ alg: "none", typ: "at+jwt", kid })}.${encode(payload)}.`;
  const unsigned = `${encode({ alg: "HS256", typ: "at+jwt", kid })}.${encode(payload)}`;
  const confused = `${unsigned}.${createHmac("sha256", key.publicKeyPem).update(unsigned).digest("base64url")}`;
  const foreign = createKey();
  const jwk = (await openTokens(foreign)).jwks.keys[0] ?? {};
  const bad = [
    none,
    confused,
    await forge({}, {}, foreign.privateKey),
    await forge({ kid: jwk.kid, jwk }, {}, foreign.privateKey),
    await forge({ kid: undefined }, {}),
    "",
    "a.b.c",
    "x".repeat(5000),
  ];
  for (const token of bad) assert.equal((await tokens.verify(token, now)).kind, "bad");
  assert.equal((await tokens.verify(await forge({}, {}), now)).kind, "valid");
});

test("a wrong type, issuer, audience, subject, session, role or time is bad", async () => {
  const bad = [
    forge({ typ: "JWT" }, {}),
    forge({}, { iss: "someone" }),
    forge({}, { aud: "someone" }),
    forge({}, { sub: "0" }),
    forge({}, { sub: "1.5" }),
    forge({}, { sid: undefined }),
    forge({}, { roles: "admin" }),
    forge({}, { exp: undefined }),
    forge({}, { nbf: now / 1000 + 30 }),
  ];
  for (const token of bad) assert.equal((await tokens.verify(await token, now)).kind, "bad");
});

test("every single character of a token matters", async () => {
  const { token } = await tokens.sign(claim, now);
  for (let at = 0; at < token.length; at++) {
    const changed = `${token.slice(0, at)}${token[at] === "A" ? "z" : "A"}${token.slice(at + 1)}`;
    const verdict = await tokens.verify(changed, now);
    if (verdict.kind === "valid") assert.fail(`changed at ${at} of ${token.length}: still valid`);
  }
});

test("two keys are valid at once: the first signs, the one before it verifies until it is taken out", async () => {
  const next = createKey();
  const { token } = await tokens.sign(claim, now);
  for (const before of [key.privateKeyPem, key.publicKeyPem]) {
    const both = await openTokens({ privateKeyPem: `${next.privateKeyPem}\n${before}` });
    assert.equal((await both.verify(token, now)).kind, "valid");
    assert.equal(both.jwks.keys.length, 2);
    assert.ok(both.jwks.keys.every((jwk) => !("d" in jwk)));
    const { token: newer } = await both.sign(claim, now);
    assert.equal(decodeProtectedHeader(newer).kid, both.jwks.keys[0]?.kid);
    assert.equal((await (await openTokens(next)).verify(newer, now)).kind, "valid");
  }
  assert.equal((await (await openTokens(next)).verify(token, now)).kind, "bad");
});

test("keys are changed while it runs: by a look at the file, or by a token of a key that is not known yet", async () => {
  const next = createKey();
  let text = key.privateKeyPem;
  let reads = 0;
  const readAgain = async () => {
    reads++;
    return text;
  };
  const [looking, asked] = [await openTokens({ ...key, readAgain }), await openTokens({ ...key, readAgain })];
  assert.equal(await looking.refresh(), false);
  text = `${next.privateKeyPem}${key.privateKeyPem}`;
  assert.equal(await looking.refresh(), true);
  const { token } = await looking.sign(claim, now);
  assert.equal(decodeProtectedHeader(token).kid, (await openTokens(next)).jwks.keys[0]?.kid);
  reads = 0;
  const verdicts = await Promise.all([asked.verify(token, now), asked.verify(token, now)]);
  assert.deepEqual([verdicts.map(({ kind }) => kind), reads], [["valid", "valid"], 1]);
  // Anybody can name a key that nobody has.
  const foreign = createKey();
  const { token: strange } = await (await openTokens(foreign)).sign(claim, now);
  reads = 0;
  for (let ms = 0; ms < 1_000; ms += 100) {
    assert.equal((await asked.verify(strange, now + 5_000 + ms)).kind, "bad");
  }
  assert.equal(reads, 1);
  // What cannot be read changes nothing.
  text = "half a fi";
  await assert.rejects(looking.refresh(), /not PEM/);
  assert.equal((await looking.verify(token, now)).kind, "valid");
});

test("a key of another curve, or none at all, is refused at start", async () => {
  await assert.rejects(openTokens({ privateKeyPem: createKey("P-384").privateKeyPem }), /P-256/);
  await assert.rejects(openTokens({ privateKeyPem: "nonsense" }), /not PEM/);
  await assert.rejects(openTokens({ privateKeyPem: key.publicKeyPem }), /it signs/);
  const many = Array.from({ length: 9 }, () => createKey().privateKeyPem).join("");
  await assert.rejects(openTokens({ privateKeyPem: many }), /at most 8/);
  const foreign = key.privateKeyPem + createKey("P-384").publicKeyPem;
  await assert.rejects(openTokens({ privateKeyPem: foreign }), /P-256/);
});
