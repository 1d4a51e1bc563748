import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { after, test } from "node:test";
import { until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { type ConnectionInfo, openAdapter } from "../../src/http/adapter.ts";
import { openClientAddress } from "../../src/http/peer.ts";
import { readJson } from "../json-body.ts";
import { openUwsServer } from "../uws-server.ts";

type Serve = (request: Request, connection: ConnectionInfo) => Response | Promise<Response>;
let serve: Serve = () => new Response(null, { status: 500 });
const bodyBytesMax = 1_048_576;
const adapter = openAdapter({
  clientAddress: openClientAddress({ networks: ["127.0.0.1"], header: "x-forwarded-for" }),
  fetch: (asked, connection) => serve(asked, connection),
  bodyBytesMax,
  requestsMax: 4,
  log: openLog("test", { LOG_LEVEL: "silent" }),
});
const server = await openUwsServer((app) => app.any("/*", adapter.handle));
after(() => server.close());

test("method, path, query, headers, body and the peer's address arrive as they were sent", async () => {
  serve = async (asked, { clientAddress }) =>
    Response.json({
      method: asked.method,
      url: asked.url,
      header: asked.headers.get("x-some"),
      body: await asked.text(),
      clientAddress,
    });
  const sent = { method: "PUT", headers: { "x-some": "thing" }, body: "ünïcode" };
  const response = await fetch(`${server.url}/a%20b/c?d=e&f=%2F`, sent);
  assert.deepEqual(await response.json(), {
    method: "PUT",
    url: "http://edge/a%20b/c?d=e&f=%2F",
    header: "thing",
    body: "ünïcode",
    clientAddress: "127.0.0.1",
  });
});

test("a trusted peer names its client in the last of several headers; the client's own words stand before", async () => {
  serve = (_, { clientAddress }) => Response.json(clientAddress);
  const lines = [
    "GET / HTTP/1.1",
    "host: x",
    "x-forwarded-for: 9.9.9.9",
    "x-forwarded-for: 192.0.2.7",
    "",
    "",
  ];
  const socket = connect(server.port, "127.0.0.1");
  let heard = "";
  socket.on("data", (bytes) => {
    heard += bytes.toString();
  });
  socket.write(lines.join("\r\n"));
  await until(() => heard.includes("192.0.2.7"), { withinMs: 2_000 });
  socket.destroy();
});

test("status, headers and several cookies leave as they were answered", async () => {
  serve = () => {
    const response = new Response("made", { status: 201, headers: { "x-one": "1" } });
    response.headers.append("set-cookie", "a=1; Path=/");
    response.headers.append("set-cookie", "b=2");
    return response;
  };
  const response = await fetch(server.url);
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("x-one"), "1");
  assert.equal(response.headers.get("content-length"), "4");
  assert.deepEqual(response.headers.getSetCookie(), ["a=1; Path=/", "b=2"]);
  assert.equal(await response.text(), "made");
});

test("HEAD tells the length and sends no body, 204 has neither, and the connection lives on", async () => {
  serve = (asked) =>
    asked.url === "http://edge/none" ? new Response(null, { status: 204 }) : new Response("12345");
  const [head, none, get] = await raw(["HEAD /", "DELETE /none", "GET /"]);
  assert.match(head ?? "", /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 5\r\n[^]*\r\n\r\n$/i);
  assert.match(none ?? "", /^HTTP\/1\.1 204 No Content\r\n/);
  assert.doesNotMatch(none ?? "", /content-length/i);
  assert.match(get ?? "", /\r\n\r\n12345$/);
});

test("a body may come a byte at a time, or chunked without a length", async () => {
  serve = async (asked) => new Response(await asked.text());
  const post = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\nhello world";
  const socket = connect(server.port, "127.0.0.1");
  socket.setNoDelay(true);
  let got = "";
  socket.on("data", (chunk) => {
    got += chunk.toString();
  });
  for (const byte of post) await new Promise((resolve) => socket.write(byte, resolve));
  await until(() => got.endsWith("hello world"), { withinMs: 2_000 });
  socket.destroy();

  const chunked = await new Promise<string>((resolve, reject) => {
    const sent = request({ port: server.port, host: "127.0.0.1", method: "POST" }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => resolve(text));
    });
    sent.on("error", reject);
    sent.write("one, ");
    sent.end("two");
  });
  assert.equal(chunked, "one, two");
});

test("a body of 1 MiB passes, a byte more is a 413 problem and no handler sees it", async () => {
  let seen = 0;
  serve = async (asked) => {
    seen += (await asked.arrayBuffer()).byteLength;
    return new Response("ok");
  };
  const whole = await fetch(server.url, { method: "POST", body: Buffer.alloc(bodyBytesMax) });
  assert.equal(whole.status, 200);
  assert.equal(seen, bodyBytesMax);
  for (const bytes of [bodyBytesMax + 1, 5 * bodyBytesMax]) {
    const headers = { "x-request-id": "large" };
    const refused = await fetch(server.url, { method: "POST", headers, body: Buffer.alloc(bytes) });
    assert.equal(refused.status, 413);
    assert.equal(refused.headers.get("content-type"), "application/problem+json");
    const problem = await readJson<{ code: string; requestId: string }>(refused);
    assert.equal(problem.code, "too_large");
    assert.equal(problem.requestId, "large");
  }
  assert.equal(seen, bodyBytesMax);
});

test("a client that goes away before its answer hurts nobody", async () => {
  const door = Promise.withResolvers<void>();
  let entered = 0;
  serve = async () => {
    entered++;
    await door.promise;
    return new Response("late");
  };
  const socket = connect(server.port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await until(() => entered === 1, { withinMs: 2_000 });
  socket.destroy();
  serve = () => new Response("ok");
  assert.equal(await (await fetch(server.url)).text(), "ok");
  door.resolve();
  await adapter.idle();
  assert.equal(await (await fetch(server.url)).text(), "ok");
});

test("[L7] beyond its bound of requests in flight the adapter is overloaded, and says when to come again", async () => {
  const waiting: (() => void)[] = [];
  serve = async () => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return new Response("served");
  };
  const held = Array.from({ length: 4 }, () => fetch(server.url));
  await until(() => waiting.length === 4, { withinMs: 2_000 });
  const refused = await fetch(server.url);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.equal((await readJson<{ code: string }>(refused)).code, "overloaded");
  for (const each of waiting) each();
  for (const each of held) assert.equal((await each).status, 200);
});

test("a handler that throws is answered with internal, a request that cannot be read with invalid", async () => {
  serve = () => {
    throw new Error("a bug");
  };
  assert.equal((await fetch(server.url)).status, 500);
  const [reply] = await raw(["TRACE /"]);
  assert.match(reply ?? "", /^HTTP\/1\.1 400 [^]*"code":"invalid"/);
});

/** Sends requests one after the other on one connection, and gathers each answer to its last byte. */
async function raw(requests: readonly string[]): Promise<string[]> {
  const socket = connect(server.port, "127.0.0.1");
  let got = "";
  socket.on("data", (chunk) => {
    got += chunk.toString();
  });
  const answers: string[] = [];
  for (const each of requests) {
    got = "";
    socket.write(`${each} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => /\r\n\r\n(?:.*[}\d])?$/s.test(got), { withinMs: 2_000, what: `an answer to ${each}` });
    answers.push(got);
  }
  socket.destroy();
  return answers;
}
