/**
 * What the adapter and the REST surface cost against a raw uWS handler doing the same: a POST of a small JSON object,
 * parsed and answered with JSON. Run: `node services/edge/bench/adapter.ts`. Only the ratios matter.
 *
 * Client and servers are processes of their own; connections are kept alive, one request in flight on each.
 */
import { fork } from "node:child_process";
import { connect } from "node:net";
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { openLog } from "@rookery/runtime";
import { App, us_socket_local_port } from "uWebSockets.js";
import { openAdapter } from "../src/http/adapter.ts";
import { readBody } from "../src/http/body.ts";
import { openClientAddress } from "../src/http/peer.ts";

const variants = ["raw uWS", "adapter", "adapter + Hono + zod"] as const;
type Variant = (typeof variants)[number];

const connections = 64;
const warmMs = 1_000;
const measureMs = 4_000;
const payload = JSON.stringify({
  body: "a message of a usual length, some words long",
  uuid: "0123456789abcdef",
});

const served = process.argv[2];
if (served === undefined) await measure();
else serve(variants.find((each) => each === served) ?? "raw uWS");

function serve(variant: Variant): void {
  const app = App();
  if (variant === "raw uWS") {
    app.post("/*", (res) => {
      let isAborted = false;
      res.onAborted(() => {
        isAborted = true;
      });
      readBody(res, 1_048_576, (body) => {
        const text = JSON.stringify({ echo: JSON.parse(String(body)) as unknown });
        if (!isAborted) res.cork(() => res.writeHeader("content-type", "application/json").end(text));
      });
    });
  } else {
    const adapter = openAdapter({
      fetch: variant === "adapter" ? plain : withHono(),
      clientAddress: openClientAddress({ networks: [], header: "x-forwarded-for" }),
      bodyBytesMax: 1_048_576,
      requestsMax: 2_000,
      log: openLog("bench", {}),
    });
    app.any("/*", adapter.handle);
  }
  app.listen("127.0.0.1", 0, (socket) => {
    if (socket !== false) process.send?.(us_socket_local_port(socket));
  });
}

async function plain(asked: Request): Promise<Response> {
  return Response.json({ echo: await asked.json() });
}

function withHono() {
  const app = new OpenAPIHono();
  const schema = z.object({ body: z.string().max(16_384), uuid: z.string().max(64).optional() });
  const route = createRoute({
    method: "post",
    path: "/v1/chats/{id}/messages",
    request: { body: { required: true, content: { "application/json": { schema } } } },
    responses: { 200: { description: "echo" } },
  });
  app.openapi(route, (c) => c.json({ echo: c.req.valid("json") }));
  return (asked: Request) => app.fetch(asked);
}

async function measure(): Promise<void> {
  const rates = new Map<Variant, number>();
  for (const variant of variants) {
    const child = fork(new URL(import.meta.url), [variant]);
    const port = await new Promise<number>((resolve) =>
      child.once("message", (value) => resolve(Number(value))),
    );
    rates.set(variant, await load(port));
    child.kill();
  }
  const control = rates.get("raw uWS") ?? 1;
  for (const [variant, rate] of rates) {
    console.log(`${variant.padEnd(22)} ${Math.round(rate)} req/s, ${(rate / control).toFixed(2)} of raw`);
  }
}

async function load(port: number): Promise<number> {
  const request = Buffer.from(
    `POST /v1/chats/1/messages HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer ${"a".repeat(300)}\r\ncontent-length: ${payload.length}\r\n\r\n${payload}`,
  );
  let answered = 0;
  const sockets = Array.from({ length: connections }, () => {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    // An answer is small enough to come in one piece, and is the only one in flight.
    socket.on("data", (answer) => {
      if (!answer.includes('{"echo":{"body"')) throw new Error(`not the answer: ${answer.toString()}`);
      answered++;
      socket.write(request);
    });
    socket.write(request);
    return socket;
  });
  await pause(warmMs);
  const before = answered;
  const startMs = performance.now();
  await pause(measureMs);
  const rate = ((answered - before) * 1_000) / (performance.now() - startMs);
  for (const socket of sockets) socket.destroy();
  return rate;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
