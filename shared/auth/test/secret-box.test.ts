import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { openSecretBox, parseMasterKey, SecretBoxError } from "../src/mod.ts";

const master = parseMasterKey(randomBytes(32));

test("a sealed secret opens for its owner and is nowhere in the box", () => {
  const secrets = openSecretBox(master);
  for (const secret of ["", "12345:AAF-secret", "ключ 🔑".repeat(1000)]) {
    const sealed = secrets.sealSecret(secret, "bot:7:token");
    assert.equal(secrets.openSecret(sealed, "bot:7:token"), secret);
    if (secret !== "") assert.ok(!sealed.box.includes(Buffer.from(secret)));
  }
});

test("the same secret seals to different bytes each time", () => {
  const secrets = openSecretBox(master);
  assert.notDeepEqual(secrets.sealSecret("s", "o").box, secrets.sealSecret("s", "o").box);
});

test("a box moved to another owner does not open", () => {
  const secrets = openSecretBox(master);
  const sealed = secrets.sealSecret("token", "bot:7:token");
  assert.throws(() => secrets.openSecret(sealed, "bot:8:token"), SecretBoxError);
});

test("a box with any one byte changed, or cut anywhere, does not open", () => {
  const secrets = openSecretBox(master);
  const { keyId, box } = secrets.sealSecret("token", "bot:7:token");
  for (let at = 0; at < box.length; at++) {
    const changed = Buffer.from(box);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => secrets.openSecret({ keyId, box: changed }, "bot:7:token"), SecretBoxError);
    assert.throws(
      () => secrets.openSecret({ keyId, box: box.subarray(0, at) }, "bot:7:token"),
      SecretBoxError,
    );
  }
});

test("a retired master key still opens what it sealed, a strange one is told apart", () => {
  const next = parseMasterKey(randomBytes(32));
  const sealed = openSecretBox(master).sealSecret("token", "bot:7:token");
  assert.equal(openSecretBox(next, [master]).openSecret(sealed, "bot:7:token"), "token");
  assert.throws(() => openSecretBox(next).openSecret(sealed, "bot:7:token"), SecretBoxError);
});

test("a master key is 32 bytes, raw, hex or base64, and anything else is refused", () => {
  for (const file of [
    master.bytes,
    Buffer.from(`${master.bytes.toString("hex")}\n`),
    Buffer.from(master.bytes.toString("base64")),
  ]) {
    assert.equal(parseMasterKey(file).id, master.id);
  }
  for (const file of [Buffer.alloc(0), randomBytes(31), randomBytes(33), Buffer.from("short")]) {
    assert.throws(() => parseMasterKey(file), /32 bytes/);
  }
});
