import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { isPublicAddress } from "../../src/outbound/address-guard.ts";
import { OutboundError, openHttpPost } from "../../src/outbound/http-post.ts";

test("[H7] only public addresses are let through", () => {
  const refused = [
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.1",
    "192.168.1.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "febf::1",
    "fc00::1",
    "fd12::1",
    "ff02::1",
    "::ffff:127.0.0.1",

    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:db8::1",
    "fe80::1%eth0",
    "not an address",
    "",
  ];
  for (const address of refused) assert.equal(isPublicAddress(address), false, address);
  for (const address of [
    "8.8.8.8",
    "1.1.1.1",
    "172.32.0.1",
    "100.63.255.255",
    "2606:4700::1111",
    "2a00:1450::1",
  ]) {
    assert.equal(isPublicAddress(address), true, address);
  }
});

test("[H7] a private address is refused however it is spelled, and by name; redirections are not followed", async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const call = { headers: {}, body: "{}", timeoutMs: 3_000, signal: new AbortController().signal };
  const guarded = openHttpPost({ allowPrivate: false });
  for (const host of [
    "127.0.0.1",
    "0x7f.1",
    "2130706433",
    "017700000001",
    "localhost",
    "[::1]",
    "[::ffff:7f00:1]",
  ]) {
    await assert.rejects(
      guarded.post(`http://${host}:${port}/`, call),
      (error) => error instanceof OutboundError && error.message === "the address is not a public one",
      host,
    );
  }
  assert.equal(asked, 0);
  const open = openHttpPost({ allowPrivate: true });
  assert.equal((await open.post(`http://localhost:${port}/`, call)).status, 302);
  assert.equal(asked, 1);
  await Promise.all([guarded.close(), open.close()]);
  server.close();
});
