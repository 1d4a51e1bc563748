import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ConfigError } from "@rookery/runtime";
import { addSigningKey, makeSigningKey, openTokens, readMasterKey, readPrivateKey } from "../src/mod.ts";

const folder = await mkdtemp(join(tmpdir(), "rookery-keys-"));
after(() => rm(folder, { recursive: true, force: true }));

test("keys are read from the files that the variables name", async () => {
  const [pemFile, masterFile] = [join(folder, "jwt.pem"), join(folder, "master.key")];
  const pem = makeSigningKey();
  await writeFile(pemFile, pem);
  await writeFile(masterFile, randomBytes(32));
  assert.equal(await readPrivateKey({ JWT_PRIVATE_KEY_FILE: pemFile }), pem);
  assert.ok(await readMasterKey({ MASTER_KEY_FILE: masterFile }));
});

test("a key file that is missing, unnamed or wrong is refused with its variable, and never with what it holds", async () => {
  const missing = join(folder, "nothing");
  const refusedAs = (said: RegExp) => (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, said);
    return true;
  };
  await assert.rejects(readPrivateKey({}), refusedAs(/JWT_PRIVATE_KEY_FILE/));
  await assert.rejects(
    readPrivateKey({ JWT_PRIVATE_KEY_FILE: missing }),
    refusedAs(/JWT_PRIVATE_KEY_FILE=.*nothing/),
  );
  await assert.rejects(readMasterKey({ MASTER_KEY_FILE: missing }), refusedAs(/MASTER_KEY_FILE=.*nothing/));
  const broken = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
  await assert.rejects(openTokens({ privateKeyPem: broken }), (error: unknown) => {
    refusedAs(/is not PEM/)(error);
    assert.doesNotMatch(String(error), /c2VjcmV0/);
    return true;
  });
  const other = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
  const privateKeyPem = other.export({ type: "pkcs8", format: "pem" }).toString();
  await assert.rejects(openTokens({ privateKeyPem }), refusedAs(/P-256/));
});

test("[A2] a file with a new key signs with it and keeps the one before, not the one before that; or none", async () => {
  const first = makeSigningKey();
  const second = await addSigningKey(first, { forget: false });
  const third = await addSigningKey(second.text, { forget: false });
  const kids = async (privateKeyPem: string) =>
    (await openTokens({ privateKeyPem })).jwks.keys.map(({ kid }) => kid);
  assert.deepEqual(await kids(second.text), [second.kid, ...(await kids(first))]);
  assert.equal(third.keptKid, second.kid);
  assert.deepEqual(await kids(third.text), [third.kid, second.kid]);
  const alone = await addSigningKey(third.text, { forget: true });
  assert.equal(alone.keptKid, null);
  assert.deepEqual(await kids(alone.text), [alone.kid]);
});
