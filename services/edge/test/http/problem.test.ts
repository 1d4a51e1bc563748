import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Fault, type FaultCode, faults, type Reply } from "@rookery/protocol";
import { openEdgeFixture } from "../edge-fixture.ts";
import { readJson } from "../json-body.ts";

let reply: () => Reply | Promise<Reply> = () => {
  throw new Error("nobody should ask");
};
const edge = await openEdgeFixture(() => ({ submit: async () => reply() }));
const person = await edge.person();
after(() => edge.close());

interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

async function problemOf(response: Response): Promise<ProblemBody> {
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  const body = await readJson<ProblemBody>(response);
  assert.equal(body.status, response.status);
  assert.equal(body.requestId, response.headers.get("x-request-id"));
  assert.equal(body.type, `urn:rookery:problem:${body.code}`);
  assert.notEqual(body.title, "");
  return body;
}

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return Promise.resolve(
    edge.app.request(path, {
      method: "POST",
      body,
      headers: {
        authorization: `Bearer ${person.token}`,
        "content-type": "application/json",
        ...headers,
      },
    }),
  );
}

test("an unknown route is a 404 problem", async () => {
  const problem = await problemOf(await edge.app.request("/v1/nothing"));
  assert.equal(problem.code, "not_found");
});

test("X-Request-Id is taken, or made when it cannot stand in a log line", async () => {
  const taken = await edge.app.request("/v1/nothing", { headers: { "x-request-id": "abc-1" } });
  assert.equal((await problemOf(taken)).requestId, "abc-1");
  const made = await edge.app.request("/v1/nothing", { headers: { "x-request-id": "a b\tc" } });
  assert.match((await problemOf(made)).requestId, /^[0-9a-f-]{36}$/);
  const ok = await edge.app.request("/health/live", { headers: { "x-request-id": "fine" } });
  assert.equal(ok.headers.get("x-request-id"), "fine");
});

test("no token, a bad one, and one that has ended are 401 and told apart in words", async () => {
  const ask = async (headers: Record<string, string>) =>
    problemOf(await edge.app.request("/v1/chats", { headers }));
  const missing = await ask({});
  assert.equal(missing.code, "unauthorized");
  assert.match((await ask({ authorization: "Bearer abc.def.ghi" })).detail, /not valid/);
  assert.match((await ask({ authorization: "Basic abc" })).detail, /not a bearer/);
  const claim = { userId: person.id, sessionId: 1, roles: [] };
  const { token } = await edge.context.tokens.sign(claim, edge.context.now() - 3_600_000);
  assert.match((await ask({ authorization: `Bearer ${token}` })).detail, /expired/);
  const response = await edge.app.request("/v1/chats");
  assert.equal(response.headers.get("www-authenticate"), "Bearer");
});

test("broken JSON, and a body that does not say it is JSON, are 400 invalid", async () => {
  const broken = await problemOf(await post("/v1/chats", "{"));
  assert.equal(broken.status, 400);
  assert.equal(broken.code, "invalid");
  assert.equal(
    (await problemOf(await post("/v1/chats", "{}", { "content-type": "text/plain" }))).status,
    400,
  );
  assert.equal((await problemOf(await post("/v1/chats", "[]"))).code, "invalid");
  assert.equal((await problemOf(await post("/v1/chats", "null"))).code, "invalid");
});

test("each wrong field is named with its path", async () => {
  const body = { type: 4, memberIds: [1, "x", 2 ** 53], title: "a\0b" };
  const problem = await problemOf(await post("/v1/chats", JSON.stringify(body)));
  assert.equal(problem.code, "invalid");
  const paths = problem.errors?.map((error) => error.path).toSorted();
  assert.deepEqual(paths, ["memberIds.1", "memberIds.2", "title", "type"]);
});

async function send(body: string): Promise<ProblemBody> {
  const draft = JSON.stringify({ body }).replace("LONE", "\\ud800");
  return problemOf(await post("/v1/chats/1/messages", draft));
}

test("text with U+0000 or lone surrogates is invalid, over 16 KiB of UTF-8 it is too_large", async () => {
  assert.equal((await send("a\0")).code, "invalid");
  assert.equal((await send("LONE")).code, "invalid");
  const large = await send("ß".repeat(8_193));
  assert.equal(large.code, "too_large");
  assert.equal(large.status, 413);
  reply = () => ({ kind: "refused", fault: { code: "not_found", message: "no such chat" } });
  assert.equal((await send("ß".repeat(8_192))).code, "not_found");
});

test("ids, limits, uuids and cursors outside their range are invalid", async () => {
  const get = async (path: string) => {
    const headers = { authorization: `Bearer ${person.token}` };
    return problemOf(await edge.app.request(path, { headers }));
  };
  for (const path of [
    "/v1/chats/abc",
    "/v1/chats/0",
    "/v1/chats/9007199254740992",
    "/v1/chats?limit=0",
    "/v1/chats?limit=101",
    "/v1/chats?cursor=x",
    "/v1/chats/1/messages?after=1&before=2",
    "/v1/chats/1/messages?cursor=after-x",
  ]) {
    assert.equal((await get(path)).code, "invalid", path);
  }
  const uuid = "ä".repeat(3);
  const problem = await problemOf(await post("/v1/chats/1/messages", JSON.stringify({ body: "a", uuid })));
  assert.equal(problem.errors?.[0]?.path, "uuid");
  const key = await post("/v1/chats/1/messages", '{"body":"a"}', { "idempotency-key": "a b" });
  assert.equal((await problemOf(key)).errors?.[0]?.path, "idempotency-key");
});

function isCode(text: string): text is FaultCode {
  return text in faults;
}

test("every fault an actor refuses with has its status, code and retry hint", async () => {
  for (const code of Object.keys(faults).filter(isCode)) {
    reply = () => ({ kind: "refused", fault: { code, message: "because", retryMs: 1_500 } });
    const response = await post("/v1/chats/1/messages", '{"body":"a"}');
    assert.equal(response.status, faults[code].http, code);
    assert.equal(response.headers.get("retry-after"), "2");
    const problem = await problemOf(response);
    assert.equal(problem.code, code);
    assert.equal(problem.detail, "because");
  }
});

test("a fault thrown by the port passes, anything else is internal and tells nothing of itself", async () => {
  reply = () => {
    throw new Fault("unavailable", "no reply in time", { retryMs: 1 });
  };
  const late = await post("/v1/chats/1/messages", '{"body":"a"}');
  assert.equal((await problemOf(late)).code, "unavailable");
  reply = () => {
    throw new Error("the secret of the house");
  };
  const bug = await post("/v1/chats/1/messages", '{"body":"a"}');
  const text = await bug.clone().text();
  assert.equal((await problemOf(bug)).code, "internal");
  assert.doesNotMatch(text, /secret|stack|\.ts/);
});

test("a uuid that named another kind of request is a conflict", async () => {
  const outcome = { kind: "invited", added: [], already: [] } as const;
  reply = () => ({ kind: "done", outcome, duplicate: true });
  assert.equal((await problemOf(await post("/v1/chats/1/messages", '{"body":"a"}'))).code, "conflict");
});
