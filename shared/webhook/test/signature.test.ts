import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import {
  makeSigningSecret,
  readSigningKey,
  SigningSecretError,
  signWebhook,
  verifyWebhook,
} from "../src/mod.ts";

const content = {
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestampS: 1_614_265_330,
  body: '{"test": 2432232314}',
};

/** As those libraries take them: now, since they look at the clock. */
const recent = (body: string) => ({ id: "msg_1", timestampS: Math.floor(Date.now() / 1_000), body });
const textWithAll = JSON.stringify({ type: "message.created", data: { body: "\u0451 🐦 \\ \n \u2028" } });

describe("the vectors of Standard Webhooks", () => {
  test("v1", () => {
    const key = readSigningKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assert.deepEqual(signWebhook(content, [key]), {
      "webhook-id": content.id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  test("v1a", () => {
    const key = readSigningKey("whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=");
    assert.equal(
      signWebhook(content, [key])["webhook-signature"],
      "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
    );
  });
});

describe("other people's libraries", () => {
  test("standardwebhooks and svix take what we sign, also while keys change", () => {
    const old = makeSigningSecret("v1");
    const fresh = makeSigningSecret("v1");
    const pair = makeSigningSecret("v1a");
    const keys = [pair, fresh, old].map(({ secret }) => readSigningKey(secret));
    const headers = { ...signWebhook(recent(textWithAll), keys) };
    for (const { secret } of [old, fresh]) {
      assert.doesNotThrow(() => new Webhook(secret).verify(textWithAll, headers));
      assert.doesNotThrow(() => new SvixWebhook(secret).verify(textWithAll, headers));
    }
    const other = makeSigningSecret("v1").secret;
    for (const Library of [Webhook, SvixWebhook]) {
      assert.throws(() => new Library(other).verify(textWithAll, headers));
      assert.throws(() => new Library(fresh.secret).verify(`${textWithAll} `, headers));
    }
  });

  test("we take what standardwebhooks signs", () => {
    const { secret } = makeSigningSecret("v1");
    const nowMs = Date.now();
    const timestampS = Math.floor(nowMs / 1_000);
    const signature = new Webhook(secret).sign("msg_7", new Date(nowMs), textWithAll);
    const headers = {
      "webhook-id": "msg_7",
      "webhook-timestamp": String(timestampS),
      "webhook-signature": `v1,AAAA ${signature}`,
    };
    assert.ok(verifyWebhook(headers, textWithAll, secret, nowMs));
    assert.ok(!verifyWebhook(headers, `${textWithAll} `, secret, nowMs));
  });
});

describe("verification", () => {
  for (const kind of ["v1", "v1a"] as const) {
    test(`${kind}: of this content, by this key, within five minutes`, () => {
      const made = makeSigningSecret(kind);
      const check = made.kind === "v1a" ? made.public : made.secret;
      const other = makeSigningSecret(kind);
      const otherCheck = other.kind === "v1a" ? other.public : other.secret;
      const nowMs = content.timestampS * 1_000;
      const headers = signWebhook(content, [readSigningKey(made.secret)]);
      assert.ok(verifyWebhook(headers, content.body, check, nowMs + 300_000));
      assert.ok(verifyWebhook(headers, content.body, check, nowMs - 300_000));
      assert.ok(!verifyWebhook(headers, content.body, check, nowMs + 301_000));
      assert.ok(!verifyWebhook(headers, content.body, check, nowMs - 301_000));
      assert.ok(!verifyWebhook(headers, content.body, otherCheck, nowMs));
      assert.ok(!verifyWebhook({ ...headers, "webhook-id": "msg_other" }, content.body, check, nowMs));
      assert.ok(!verifyWebhook({ ...headers, "webhook-timestamp": "soon" }, content.body, check, nowMs));
      for (const signature of ["", ",", "v1,", "v1a,", headers["webhook-signature"].slice(0, 12)]) {
        const cut = { ...headers, "webhook-signature": signature };
        assert.ok(!verifyWebhook(cut, content.body, check, nowMs), signature);
      }
    });
  }

  test("what is no secret is refused, and never repeated in the words", () => {
    for (const text of ["", "whsec_", "whsec_c2hvcnQ=", "whsk_c2hvcnQ=", "whsec_not base64!", "hunter2"]) {
      assert.throws(
        () => readSigningKey(text),
        (error) => error instanceof SigningSecretError && !error.message.includes("c2hvcnQ"),
        text,
      );
    }
  });

  test("fresh secrets differ and have the lengths of the standard", () => {
    const made = Array.from({ length: 20 }, () => makeSigningSecret("v1").secret);
    assert.equal(new Set(made).size, 20);
    for (const secret of made) assert.equal(Buffer.from(secret.slice(6), "base64").length, 32);
    const pair = makeSigningSecret("v1a");
    assert.match(pair.secret, /^whsk_[A-Za-z0-9+/]{43}=$/);
    assert.match(pair.kind === "v1a" ? pair.public : "", /^whpk_[A-Za-z0-9+/]{43}=$/);
  });
});
