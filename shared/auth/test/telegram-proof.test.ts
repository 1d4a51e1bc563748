import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { proveInitData, proveWidget, telegramProofLifeMs } from "../src/mod.ts";

const token = "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8";
const nowMs = 1_800_000_000_000;
const authDate = String(nowMs / 1_000);
const user = { id: 279058397, first_name: "Vladislav", last_name: "Kibenko", language_code: "ru" };

/** As Telegram's documentation says it. */
function initData(fields: Record<string, string>, by = token): string {
  const checked = Object.keys(fields)
    .toSorted()
    .map((name) => `${name}=${fields[name]}`)
    .join("\n");
  const key = createHmac("sha256", "WebAppData").update(by).digest();
  const hash = createHmac("sha256", key).update(checked).digest("hex");
  return new URLSearchParams({ ...fields, hash }).toString();
}

const fields = { auth_date: authDate, query_id: "AAH", user: JSON.stringify(user) };

test("[A7] a published example of initData is proven, and stale", () => {
  // docs.telegram-mini-apps.com, validating; made on 2022-09-09.
  const example =
    "query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C%22" +
    "last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22" +
    "is_premium%22%3Atrue%7D&auth_date=1662771648&" +
    "hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2";
  const madeMs = 1_662_771_648_000;
  const proof = proveInitData(example, token, madeMs + 1_000);
  assert.equal(proof.kind, "valid");
  if (proof.kind !== "valid") return;
  assert.deepEqual(proof.person, {
    telegramId: 279058397,
    isBot: false,
    firstName: "Vladislav",
    lastName: "Kibenko",
    username: "vdkfrost",
    language: "ru",
  });
  assert.equal(proof.expiresMs, madeMs + telegramProofLifeMs);
  assert.equal(proveInitData(example, token, madeMs + telegramProofLifeMs - 1).kind, "valid");
  assert.equal(proveInitData(example, token, madeMs + telegramProofLifeMs).kind, "stale");
  assert.equal(proveInitData(example, `${token}x`, madeMs).kind, "bad");
});

test("[A7] every field counts, also those Telegram adds later, and the order they come in does not", () => {
  const good = initData({ ...fields, signature: "abc", start_param: "a=b&c" });
  assert.equal(proveInitData(good, token, nowMs).kind, "valid");
  const turned = new URLSearchParams([...new URLSearchParams(good)].toReversed()).toString();
  assert.equal(proveInitData(turned, token, nowMs).kind, "valid");
  const all = new URLSearchParams(good);
  for (const name of all.keys()) {
    const without = new URLSearchParams(good);
    without.delete(name);
    assert.equal(proveInitData(without.toString(), token, nowMs).kind, "bad", `without ${name}`);
    const changed = new URLSearchParams(good);
    changed.set(name, `${changed.get(name)} `);
    assert.equal(proveInitData(changed.toString(), token, nowMs).kind, "bad", `with another ${name}`);
  }
  assert.equal(proveInitData(`${good}&user=${fields.user}`, token, nowMs).kind, "bad", "a field twice");
  assert.equal(proveInitData(`${good}&more=1`, token, nowMs).kind, "bad");
});

test("[A7] what is signed and names nobody, or a time to come, is bad", () => {
  const signed = (more: Record<string, string>) =>
    proveInitData(initData({ ...fields, ...more }), token, nowMs);
  assert.equal(signed({}).kind, "valid");
  for (const wrong of [
    "",
    "null",
    "{",
    "[]",
    '{"id":"5","first_name":"A"}',
    '{"id":0,"first_name":"A"}',
    '{"id":5}',
  ]) {
    assert.equal(signed({ user: wrong }).kind, "bad", wrong);
  }
  assert.equal(signed({ user: JSON.stringify({ ...user, is_bot: true }) }).kind, "bad");
  const strange = signed({ user: JSON.stringify({ ...user, first_name: `\0\ud800${"x".repeat(99)}` }) });
  assert.equal(strange.kind === "valid" && strange.person.firstName, `\ufffd${"x".repeat(63)}`);
  assert.equal(signed({ auth_date: String(nowMs / 1_000 + 61) }).kind, "bad");
  assert.equal(signed({ auth_date: "soon" }).kind, "bad");
  assert.equal(proveInitData("", token, nowMs).kind, "bad");
  assert.equal(proveInitData("hash=", token, nowMs).kind, "bad");
});

test("[A7] the Login Widget is proven by its own key, with the fields it gave and no others", () => {
  const given = {
    id: 5,
    first_name: "Ada",
    username: "ada",
    photo_url: "https://t.me/i/1.jpg",
    auth_date: nowMs / 1_000,
  };
  const checked = `auth_date=${authDate}\nfirst_name=Ada\nid=5\nphoto_url=https://t.me/i/1.jpg\nusername=ada`;
  const key = createHash("sha256").update(token).digest();
  const hash = createHmac("sha256", key).update(checked).digest("hex");
  const proof = proveWidget({ ...given, hash, last_name: null }, token, nowMs);
  assert.equal(proof.kind === "valid" && proof.person.telegramId, 5);
  assert.equal(proveWidget({ ...given, hash: hash.toUpperCase() }, token, nowMs).kind, "valid");
  for (const wrong of [
    { id: 6 },
    { first_name: "Adb" },
    { last_name: "L" },
    { hash: "00" },
    { auth_date: 1 },
  ]) {
    assert.equal(proveWidget({ ...given, hash, ...wrong }, token, nowMs).kind, "bad", JSON.stringify(wrong));
  }
  assert.equal(proveWidget({ ...given, hash }, token, nowMs + telegramProofLifeMs).kind, "stale");
  // A Mini App's key makes no widget's proof.
  const other = createHmac("sha256", createHmac("sha256", "WebAppData").update(token).digest());
  assert.equal(
    proveWidget({ ...given, hash: other.update(checked).digest("hex") }, token, nowMs).kind,
    "bad",
  );
});

test("[A7] a proof has one digest, however its hash is written", () => {
  const digestOf = (text: string) => {
    const proof = proveInitData(text, token, nowMs);
    return proof.kind === "valid" ? proof.digest.toString("hex") : assert.fail(proof.kind);
  };
  const good = initData(fields);
  const hash = new URLSearchParams(good).get("hash") ?? "";
  assert.equal(digestOf(good), digestOf(good.replace(hash, hash.toUpperCase())));
  assert.notEqual(digestOf(good), digestOf(initData({ ...fields, query_id: "AAI" })));
});
