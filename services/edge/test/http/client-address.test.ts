import assert from "node:assert/strict";
import { test } from "node:test";
import { addressKey, clientAddressRule, type ProxyHeader } from "../../src/http/client-address.ts";

/** What a peer says, and who the client is then. */
interface Case {
  readonly says: string;
  readonly trusted?: readonly string[];
  readonly header?: ProxyHeader;
  readonly peer: string;
  readonly values: readonly string[];
  readonly client: string;
}

const inside = ["10.0.0.0/8", "2001:db8:1::/48"];

const cases: readonly Case[] = [
  {
    says: "nobody is trusted by default",
    trusted: [],
    peer: "10.0.0.1",
    values: ["9.9.9.9"],
    client: "10.0.0.1",
  },
  { says: "a stranger's word is not believed", peer: "192.0.2.7", values: ["9.9.9.9"], client: "192.0.2.7" },
  { says: "a proxy's is", peer: "10.0.0.1", values: ["192.0.2.7"], client: "192.0.2.7" },
  {
    says: "what the client put left of it is not",
    peer: "10.0.0.1",
    values: ["9.9.9.9, 192.0.2.7"],
    client: "192.0.2.7",
  },
  {
    says: "nor what it sent in a header of its own before the proxy's",
    peer: "10.0.0.1",
    values: ["9.9.9.9", "192.0.2.7"],
    client: "192.0.2.7",
  },
  {
    says: "proxies behind proxies are walked through",
    peer: "10.0.0.1",
    values: ["9.9.9.9, 192.0.2.7, 10.0.0.3,10.0.0.2"],
    client: "192.0.2.7",
  },
  {
    says: "a client inside is the leftmost, when all are ours",
    peer: "10.0.0.1",
    values: ["10.0.0.9, 10.0.0.2"],
    client: "10.0.0.9",
  },
  {
    says: "rubbish ends the walk at who said it",
    peer: "10.0.0.1",
    values: ["9.9.9.9, nonsense, 10.0.0.2"],
    client: "10.0.0.2",
  },
  { says: "so does nothing", peer: "10.0.0.1", values: [""], client: "10.0.0.1" },
  { says: "no header: the proxy itself asks", peer: "10.0.0.1", values: [], client: "10.0.0.1" },
  { says: "a port is left out", peer: "10.0.0.1", values: ["192.0.2.7:4711"], client: "192.0.2.7" },
  {
    says: "IPv6 in brackets, in its short form",
    peer: "10.0.0.1",
    values: ["[2001:0db8:0000:0000:0000:0000:0000:0001]:4711"],
    client: "2001:db8::1",
  },
  {
    says: "uWS writes a peer's IPv6 in full",
    peer: "2001:0db8:0001:0000:0000:0000:0000:0001",
    values: ["192.0.2.7"],
    client: "192.0.2.7",
  },
  {
    says: "an IPv4 peer of an IPv6 socket is the IPv4 one",
    peer: "0000:0000:0000:0000:0000:ffff:0a00:0001",
    values: ["::ffff:192.0.2.7"],
    client: "192.0.2.7",
  },
  {
    says: "an address alone is a network of one",
    trusted: ["10.0.0.1"],
    peer: "10.0.0.2",
    values: ["9.9.9.9"],
    client: "10.0.0.2",
  },
  { says: "a peer that cannot be told is nobody", peer: "", values: ["9.9.9.9"], client: "" },
  {
    says: "Forwarded, when it is that which is trusted",
    header: "forwarded",
    peer: "10.0.0.1",
    values: ['for=9.9.9.9, For="[2001:db8:cafe::17]:4711";proto=https;by=10.0.0.1'],
    client: "2001:db8:cafe::17",
  },
  {
    says: "a hop that hides its name ends the walk",
    header: "forwarded",
    peer: "10.0.0.1",
    values: ["for=9.9.9.9, for=_hidden, for=10.0.0.2"],
    client: "10.0.0.2",
  },
  {
    says: "a hop without a name too",
    header: "forwarded",
    peer: "10.0.0.1",
    values: ["for=9.9.9.9, proto=https"],
    client: "10.0.0.1",
  },
];

for (const { says, trusted = inside, header = "x-forwarded-for", peer, values, client } of cases) {
  test(says, () => {
    assert.equal(clientAddressRule({ networks: trusted, header })(peer, values), client);
  });
}

test("what is no network is refused by name", () => {
  for (const network of [
    "10.0.0.0/33",
    "10.0.0/8",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "proxy.example",
    "::1/129",
    "10.0.0.0/-1",
  ]) {
    assert.throws(() => clientAddressRule({ networks: [network], header: "forwarded" }), {
      message: `TRUSTED_PROXIES: ${network} is not a network such as 10.0.0.0/8`,
    });
  }
});

test("an IPv6 address counts by its /64, an IPv4 one whole", () => {
  assert.equal(addressKey("2001:db8:0:1::1"), addressKey("2001:db8:0:1:ffff::9"));
  assert.notEqual(addressKey("2001:db8:0:1::1"), addressKey("2001:db8:0:2::1"));
  assert.equal(addressKey("::1"), "0:0:0:0::/64");
  assert.equal(addressKey("2001:db8::"), "2001:db8:0:0::/64");
  assert.equal(addressKey("10.0.0.1"), "10.0.0.1");
});
