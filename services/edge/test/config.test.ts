import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../src/config.ts";

const env = { DATABASE_URL: "postgres://x", NATS_URL: "nats://x", REDIS_URL: "redis://x" };

test("the door's settings are safe when nothing is set", () => {
  const config = readConfig(env);
  assert.deepEqual(config.proxies, { networks: [], header: "x-forwarded-for" });
  assert.deepEqual([config.corsOrigins, config.allowedOrigins, config.tls], [[], [], null]);
  assert.equal(config.rateLimited, true);
  assert.equal(config.publicUrl, "http://127.0.0.1:8080");
});

test("with a certificate the public URL is https unless it is given", () => {
  const tls = { TLS_CERT_FILE: "cert.pem", TLS_KEY_FILE: "key.pem" };
  assert.equal(readConfig({ ...env, ...tls }).publicUrl, "https://127.0.0.1:8080");
  assert.equal(
    readConfig({ ...env, ...tls, PUBLIC_URL: "https://a.example" }).publicUrl,
    "https://a.example",
  );
});

test("an origin that would match no page is refused by name", () => {
  assert.deepEqual(readConfig({ ...env, CORS_ORIGINS: "https://a.example, *" }).corsOrigins, [
    "https://a.example",
    "*",
  ]);
  assert.deepEqual(readConfig({ ...env, ALLOWED_ORIGINS: "capacitor://localhost,*" }).allowedOrigins, [
    "capacitor://localhost",
    "*",
  ]);
  for (const name of ["CORS_ORIGINS", "ALLOWED_ORIGINS"]) {
    for (const wrong of [
      "https://a.example/",
      "https://a.example/path",
      "a.example",
      "https://A.example",
      "capacitor://localhost/",
    ]) {
      assert.throws(() => readConfig({ ...env, [name]: wrong }), {
        message: `${name}: ${wrong} is not an origin such as https://chat.example.com`,
      });
    }
  }
});

test("a public URL that is none is refused by name, and kept without a slash at its end", () => {
  assert.equal(readConfig({ ...env, PUBLIC_URL: "https://a.example/" }).publicUrl, "https://a.example");
  for (const wrong of ["a.example", "ftp://a.example", "https://"]) {
    assert.throws(() => readConfig({ ...env, PUBLIC_URL: wrong }), {
      message: `PUBLIC_URL=${wrong} is not a URL such as https://chat.example.com`,
    });
  }
});
