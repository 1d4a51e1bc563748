import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { LookupAddress } from "node:dns";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { forbiddenUrls } from "@rookery/kit";
import { openAddressRules } from "@rookery/webhook";
import { Agent, request } from "undici";
import { type Lookup, openGuardedConnect } from "../../src/outbound/guarded-connect.ts";
import { OutboundError, openHttpPost } from "../../src/outbound/http-post.ts";

const rules = openAddressRules({ allowPrivate: false });
/** As if 127.0.0.2 were outside, and all else of this machine not. */
const outside = openAddressRules({ allowPrivate: false, networks: ["127.0.0.2/32"] });
const call = { headers: {}, body: "{}", timeoutMs: 10_000, signal: new AbortController().signal };

interface Witness {
  readonly server: Server;
  readonly port: number;
  /** Connections it has seen. */
  readonly connections: () => number;
}

async function listen(host: string, location = "/elsewhere"): Promise<Witness> {
  let connections = 0;
  const server = createServer((_request, response) => response.writeHead(302, { location }).end());
  server.on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { server, port: (server.address() as AddressInfo).port, connections: () => connections };
}

const isRefused = (error: unknown): boolean =>
  error instanceof OutboundError && error.message === "the address is not a public one";

describe("[H7] an address that is not public", () => {
  let inside: Witness;
  before(async () => {
    // All addresses of this machine, of both families.
    inside = await listen("::");
  });
  after(() => inside.server.close());

  test("is never connected to, however it is spelled", async () => {
    const guarded = openHttpPost(rules);
    let sockets = 0;
    const count = (): void => {
      sockets += 1;
    };
    subscribe("net.client.socket", count);
    try {
      for (const url of forbiddenUrls(inside.port)) {
        // Names have a lookup, for which a socket is made that is never connected; some resolvers know no such names.
        const isName = /localhost/i.test(url);
        const before = sockets;
        await assert.rejects(guarded.post(url, call), isName ? OutboundError : isRefused, url);
        if (!isName) assert.equal(sockets, before, `${url}: no socket`);
      }
    } finally {
      unsubscribe("net.client.socket", count);
      await guarded.close();
    }
    assert.equal(inside.connections(), 0);
  });

  test("is never connected to by a name either, whatever form it resolves to", async () => {
    for (const address of [
      "127.0.0.1",
      "::1",
      "::ffff:127.0.0.1",
      "0.0.0.0",
      "::",
      "10.0.0.1",
      "fe80::1%lo",
    ]) {
      const lookup: Lookup = (_name, _options, callback) => {
        callback(null, [{ address, family: address.includes(":") ? 6 : 4 }]);
      };
      const agent = new Agent({ connect: openGuardedConnect(rules, { timeoutMs: 10_000, lookup }) });
      const asked = request(`http://hooks.example.com:${inside.port}/`, {
        dispatcher: agent,
        method: "POST",
      });
      await assert.rejects(asked, (error) => (error as NodeJS.ErrnoException).code === "EPRIVATE", address);
      await agent.destroy();
    }
    assert.equal(inside.connections(), 0);
  });
});

describe("[H7] a name that changes its answer", () => {
  /** A resolver that says one thing first and another ever after. */
  const turning = (...answers: readonly (readonly string[])[]) => {
    let asked = 0;
    const lookup: Lookup = (_name, _options, callback) => {
      const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
      asked += 1;
      callback(
        null,
        addresses.map((address): LookupAddress => ({ address, family: 4 })),
      );
    };
    return { lookup, asked: () => asked };
  };

  test("is asked once: the socket goes to the very address that was checked", async () => {
    const friend = await listen("127.0.0.2");
    // On the same port, where a second lookup would lead.
    let trapped = 0;
    const trap = createServer().on("connection", () => (trapped += 1));
    await new Promise<void>((resolve) => trap.listen(friend.port, "127.0.0.1", resolve));
    const resolver = turning(["127.0.0.2"], ["127.0.0.1"]);
    const connect = openGuardedConnect(outside, { timeoutMs: 10_000, lookup: resolver.lookup });
    const agent = new Agent({ connect });
    const url = `http://turning.example.com:${friend.port}/`;
    const answer = await request(url, { dispatcher: agent, method: "POST" });
    assert.equal(answer.statusCode, 302);
    await answer.body.dump();
    assert.equal(resolver.asked(), 1);
    assert.deepEqual([friend.connections(), trapped], [1, 0]);
    await agent.destroy();

    // A new connection asks anew, and is refused by what it hears then.
    const later = new Agent({ connect });
    await assert.rejects(request(url, { dispatcher: later, method: "POST" }));
    assert.equal(trapped, 0);
    await later.destroy();
    friend.server.close();
    trap.close();
  });

  test("of several addresses only those that are allowed are tried", async () => {
    const friend = await listen("127.0.0.2");
    const resolver = turning(["127.0.0.1", "127.0.0.2", "10.0.0.1"]);
    const agent = new Agent({
      connect: openGuardedConnect(outside, { timeoutMs: 10_000, lookup: resolver.lookup }),
    });
    const answer = await request(`http://several.example.com:${friend.port}/`, {
      dispatcher: agent,
      method: "POST",
    });
    await answer.body.dump();
    assert.equal(friend.connections(), 1);
    await agent.destroy();
    friend.server.close();
  });
});

test("[H7] a redirection is not followed, to a private address least of all", async () => {
  const inside = await listen("127.0.0.1");
  const friend = await listen("127.0.0.2", `http://127.0.0.1:${inside.port}/`);
  const http = openHttpPost(outside);
  assert.equal((await http.post(`http://127.0.0.2:${friend.port}/`, call)).status, 302);
  assert.deepEqual([friend.connections(), inside.connections()], [1, 0]);
  await http.close();
  friend.server.close();
  inside.server.close();
});
