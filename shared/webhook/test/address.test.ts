import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { forbiddenUrls } from "@rookery/kit";
import { ConfigError } from "@rookery/runtime";
import { openAddressRules, readAddressRules } from "../src/mod.ts";

const rules = openAddressRules({ allowPrivate: false });

describe("[H7] addresses", () => {
  const refused = [
    ["0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255"],
    ["127.0.0.1", "127.9.9.9", "168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1"],
    [
      "172.31.255.255",
      "192.0.0.1",
      "192.0.2.1",
      "192.88.99.1",
      "192.168.1.1",
      "198.18.0.1",
      "198.19.255.255",
    ],
    ["198.51.100.1", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
    [
      "::",
      "::1",
      "fe80::1",
      "febf::1",
      "fec0::1",
      "fc00::1",
      "fd12::1",
      "fd00:ec2::254",
      "ff02::1",
      "100::1",
    ],
    ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:7f00:1", "::7f00:1", "::127.0.0.1"],
    ["64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:808:808::"],
    ["2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1"],
    ["fe80::1%eth0", "2606:4700::1111%1", "not an address", "", "1.2.3", "8.8.8.8 "],
  ].flat();
  for (const address of refused) {
    test(`${address || "(none)"} is refused`, () => assert.equal(rules.allows(address), false));
  }

  test("what is public is let through, to the edges of what is not", () => {
    for (const address of [
      ["8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"],
      ["128.0.0.0", "172.15.255.255", "172.32.0.1", "192.167.255.255", "198.17.255.255", "223.255.255.255"],
      ["2606:4700::1111", "2a00:1450::1", "2001:200::1", "2001:4860:4860::8888", "2003::1"],
    ].flat()) {
      assert.equal(rules.allows(address), true, address);
    }
  });

  test("an operator lets single networks through, or everything", () => {
    const own = openAddressRules({ allowPrivate: false, networks: ["10.1.0.0/16", "fd00:7::/32"] });
    assert.ok(own.allows("10.1.200.3") && own.allows("fd00:7::9") && own.allows("8.8.8.8"));
    assert.ok(!own.allows("10.2.0.1") && !own.allows("fd00:8::9") && !own.allows("127.0.0.1"));
    assert.ok(openAddressRules({ allowPrivate: true }).allows("127.0.0.1"));
  });
});

describe("[H7] URLs", () => {
  for (const url of forbiddenUrls(8080)) {
    test(`${url} is refused`, () => assert.equal(rules.refusalOf(url), "must have a public address"));
  }

  test("the words say what is wrong", () => {
    for (const [url, refusal] of [
      ["ftp://example.com/", "must begin with https:// or http://"],
      ["file:///etc/passwd", "must begin with https:// or http://"],
      ["https://user@example.com/", "must not carry a user or password"],
      ["https://:pass@example.com/", "must not carry a user or password"],
      ["https://example.com/#part", "must not have a fragment"],
      ["https://example.com:0/", "must not have port 0"],
      ["example.com/hook", "must be a URL"],
      ["https://", "must be a URL"],
      ["https://exa mple.com/", "must be a URL"],
      ["https://example.com/\n", "must be a URL"],
      ["https://[fe80::1%25eth0]/", "must be a URL"],
      ["https://256.256.256.256/", "must be a URL"],
      [`https://example.com/${"a".repeat(2_048)}`, "must be at most 2048 characters"],
    ] as const) {
      assert.equal(rules.refusalOf(url), refusal, url);
    }
    for (const url of [
      "https://example.com/hook?a=1",
      "http://8.8.8.8:9000/",
      "https://[2606:4700::1111]/",
    ]) {
      assert.equal(rules.refusalOf(url), null, url);
    }
  });

  test("ports by list, where there is one; a network that is let through is let through in a URL too", () => {
    const strict = openAddressRules({ allowPrivate: false, networks: ["10.1.0.0/16"], ports: [443, 8443] });
    assert.equal(strict.refusalOf("https://example.com/"), null);
    assert.equal(strict.refusalOf("https://10.1.2.3:8443/"), null);
    assert.equal(strict.refusalOf("http://example.com/"), "must not have port 80");
    assert.equal(strict.refusalOf("https://example.com:9000/"), "must not have port 9000");
  });
});

test("what the operator wrote wrongly is told by its variable", () => {
  for (const env of [
    { WEBHOOK_PORTS: "443,web" },
    { WEBHOOK_PORTS: "70000" },
    { WEBHOOK_ALLOW_NETWORKS: "10.0.0.0" },
    { WEBHOOK_ALLOW_NETWORKS: "10.0.0.0/33" },
    { WEBHOOK_ALLOW_NETWORKS: "example.com/8" },
  ]) {
    const [name = ""] = Object.keys(env);
    assert.throws(
      () => readAddressRules(env),
      (error) => error instanceof ConfigError && error.message.startsWith(name),
    );
  }
  assert.ok(readAddressRules({ WEBHOOK_ALLOW_NETWORKS: "10.0.0.0/8, fd00::/8" }).allows("10.2.3.4"));
});
