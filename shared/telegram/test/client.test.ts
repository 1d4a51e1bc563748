import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { after, test } from "node:test";
import { openTelegramClient, TelegramError } from "../src/mod.ts";

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;
let answer: Answer = (_request, _body, response) => response.end();
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on("end", () => answer(request, body, response));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = server.address();
assert.ok(address !== null && typeof address === "object");
const apiRoot = `http://127.0.0.1:${address.port}`;
const token = "123:very-secret";
const client = openTelegramClient({ apiRoot: `${apiRoot}/`, timeoutMs: 2_000 });
after(() => {
  server.closeAllConnections();
  server.close();
});

function reply(status: number, body: unknown): Answer {
  return (_request, _body, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

async function failureOf(work: Promise<unknown>): Promise<TelegramError> {
  const error: unknown = await work.then(
    () => assert.fail("it succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TelegramError);
  assert.ok(
    !`${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`.includes(token),
  );
  return error;
}

test("setWebhook sends the address, the secret and the types of updates", async () => {
  let seen: unknown;
  answer = (request, body, response) => {
    seen = { method: request.method, url: request.url, body: JSON.parse(body) as unknown };
    response.end('{"ok":true,"result":true,"description":"Webhook was set"}');
  };
  await client.setWebhook(token, {
    url: "https://x/y",
    secretToken: "s",
    allowedUpdates: ["message", "poll"],
  });
  const body = { url: "https://x/y", secret_token: "s", allowed_updates: ["message", "poll"] };
  assert.deepEqual(seen, { method: "POST", url: `/bot${token}/setWebhook`, body });
});

test("getMe gives the bot; an answer that is not one is an outage", async () => {
  answer = reply(200, { ok: true, result: { id: 5, is_bot: true, username: "a_bot" } });
  assert.deepEqual(await client.getMe(token), { id: 5, username: "a_bot" });
  answer = reply(200, { ok: true, result: {} });
  assert.equal((await failureOf(client.getMe(token))).kind, "outage");
});

test("what Telegram will not do is refused, told in its words without the token", async () => {
  answer = reply(401, { ok: false, error_code: 401, description: `Unauthorized ${token}` });
  const error = await failureOf(client.deleteWebhook(token));
  assert.equal(error.kind, "refused");
  assert.equal(error.code, 401);
  assert.match(error.message, /^deleteWebhook: 401 Unauthorized/);
});

test("a flood says how long to wait, and is an outage like every 5xx", async () => {
  const body = {
    ok: false,
    error_code: 429,
    description: "Too Many Requests",
    parameters: { retry_after: 7 },
  };
  answer = reply(429, body);
  const flood = await failureOf(client.getMe(token));
  assert.equal(flood.kind, "outage");
  assert.equal(flood.retryMs, 7_000);
  answer = reply(502, "<html>bad gateway</html>");
  const gateway = await failureOf(client.getMe(token));
  assert.equal(gateway.kind, "outage");
  assert.equal(gateway.code, 502);
});

test("no answer in time, a connection cut and nobody there are outages", async () => {
  const hasty = openTelegramClient({ apiRoot, timeoutMs: 50 });
  answer = () => undefined;
  assert.match((await failureOf(hasty.getMe(token))).message, /no answer in time/);
  answer = (request) => void request.socket.destroy();
  assert.equal((await failureOf(client.getMe(token))).kind, "outage");
  const nobody = openTelegramClient({ apiRoot: "http://127.0.0.1:1", timeoutMs: 2_000 });
  assert.match((await failureOf(nobody.getMe(token))).message, /cannot be reached/);
});

test("an answer without end is given up at its bound", async () => {
  answer = (_request, _body, response) => {
    const chunk = Buffer.alloc(65_536, " ");
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
      response.once("drain", more);
    };
    more();
  };
  assert.match((await failureOf(client.getMe(token))).message, /not an answer/);
});

test("a redirection is not followed: it would carry the token elsewhere", async () => {
  const paths: (string | undefined)[] = [];
  answer = (request, _body, response) => {
    paths.push(request.url);
    if (request.url === "/elsewhere") response.end('{"ok":true,"result":{"id":5,"username":"a_bot"}}');
    else response.writeHead(307, { location: "/elsewhere" }).end();
  };
  assert.equal((await failureOf(client.getMe(token))).kind, "outage");
  assert.deepEqual(paths, [`/bot${token}/getMe`]);
});
