/** Routes that change a chat: what they ask of its actor, and what they answer. What it decides is tested there. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ChatCommand, Chat, FaultCode, Message, Reply } from "@rookery/protocol";
import { fakePort, openEdgeFixture, rowWriter } from "../edge-fixture.ts";
import { readJson } from "../json-body.ts";

let refusal: FaultCode | null = null;
const seen: { readonly uuid: string; readonly senderId: number; readonly command: ChatCommand }[] = [];
const edge = await openEdgeFixture((store) => {
  const rows = rowWriter(store);
  return fakePort(async (command): Promise<Reply> => {
    const asked = command.command as ChatCommand;
    if (asked.kind === "create" || asked.kind === "send") return rows.submit(command, { timeoutMs: 1_000 });
    if (refusal !== null) return { kind: "refused", fault: { code: refusal, message: "no" } };
    seen.push({ uuid: command.uuid, senderId: command.senderId, command: asked });
    return { kind: "done", outcome: { kind: "changed", seq: 1, rev: 1, ts: 1 }, duplicate: false };
  });
});
after(() => edge.close());

const [ann, bob] = [await edge.person(), await edge.person()];

async function ask<T>(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly body: T }> {
  const response = await edge.app.request(path, {
    method,
    headers: { authorization: `Bearer ${ann.token}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    body: response.status === 204 ? (null as T) : await readJson<T>(response),
  };
}

const made = await ask<Chat>("POST", "/v1/chats", { type: "group", memberIds: [bob.id] });
const chat = `/v1/chats/${made.body.id}`;
await ask("POST", `${chat}/messages`, { body: "hello" });
const reaction = `${chat}/messages/1/reactions/${encodeURIComponent("👍")}`;
const reacted = { kind: "react", seq: 1, emoji: "👍" } as const;

const routes: readonly (readonly [string, string, object | undefined, number, ChatCommand])[] = [
  ["PATCH", chat, { title: "tea", more: 1 }, 200, { kind: "rename", title: "tea" }],
  ["DELETE", chat, undefined, 204, { kind: "leave" }],
  ["DELETE", `${chat}?forAll=false`, undefined, 204, { kind: "leave" }],
  ["DELETE", `${chat}?forAll=true`, undefined, 204, { kind: "disband" }],
  [
    "PATCH",
    `${chat}/members/${bob.id}`,
    { role: "admin" },
    200,
    { kind: "role", userId: bob.id, role: "admin" },
  ],
  ["DELETE", `${chat}/members/${bob.id}`, undefined, 204, { kind: "remove", userId: bob.id }],
  ["PATCH", `${chat}/messages/1`, { body: "ho" }, 200, { kind: "edit", seq: 1, body: "ho" }],
  ["DELETE", `${chat}/messages/1`, undefined, 204, { kind: "delete", seq: 1 }],
  ["PUT", reaction, undefined, 204, { ...reacted, remove: false }],
  ["DELETE", reaction, undefined, 204, { ...reacted, remove: true }],
];

for (const [method, path, body, status, command] of routes) {
  const route = `${method} ${path.replace(chat, "")}`;
  test(`${route} asks for ${command.kind}, under the Idempotency-Key`, async () => {
    const answer = await ask(method, path, body, { "idempotency-key": "key-1" });
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.deepEqual(seen.at(-1), { uuid: "key-1", senderId: ann.id, command });
  });

  test(`${route} tells what the chat refuses`, async () => {
    for (const [code, told] of [
      ["not_found", 404],
      ["forbidden", 403],
      ["unavailable", 503],
    ] as const) {
      refusal = code;
      const answer = await ask<{ code: string }>(method, path, body);
      assert.deepEqual([answer.status, answer.body.code], [told, code]);
    }
    refusal = null;
  });
}

test("what is wrong never reaches the chat", async () => {
  const before = seen.length;
  for (const [method, path, body] of [
    ["PATCH", chat, { title: "" }],
    ["PATCH", chat, { title: 5 }],
    ["PATCH", chat, {}],
    ["DELETE", `${chat}?forAll=maybe`, undefined],
    ["PATCH", `${chat}/members/${bob.id}`, { role: "king" }],
    ["PATCH", `${chat}/members/x`, { role: "admin" }],
    ["PATCH", `${chat}/messages/0`, { body: "x" }],
    ["PATCH", `${chat}/messages/1`, { body: "a\0b" }],
    ["PATCH", `${chat}/messages/1`, { entities: [] }],
    ["PUT", `${chat}/messages/1/reactions/__proto__`, undefined],
    ["PUT", `${chat}/messages/1/reactions/${encodeURIComponent("👍".repeat(9))}`, undefined],
  ] as const) {
    const answer = await ask<{ code: string }>(method, path, body);
    assert.deepEqual([answer.status, answer.body.code], [400, "invalid"], `${method} ${path}`);
  }
  const large = await ask(`PATCH`, `${chat}/messages/1`, { body: "x".repeat(16_385) });
  assert.equal(large.status, 413);
  assert.equal(seen.length, before);
});

test("a message may be a poll, a place or a contact, and is of that kind unless it says another", async () => {
  for (const [content, kind] of [
    [{ poll: { question: "tea?", options: ["yes", "no"] } }, "poll"],
    [{ location: { latitude: 1.5, longitude: -2 } }, "location"],
    [{ contact: { phone: "1", firstName: "Ada" } }, "contact"],
    [{ kind: "e2ee" }, "e2ee"],
    [{}, "text"],
  ] as const) {
    const sent = await ask<Message>("POST", `${chat}/messages`, { body: "", ...content });
    assert.deepEqual([sent.status, sent.body.kind], [201, kind]);
  }
  for (const content of [
    { poll: { question: "tea?", options: ["yes"] } },
    { poll: { question: "", options: ["yes", "no"] } },
    { location: { latitude: 91, longitude: 0 } },
    { contact: { phone: "1" } },
  ]) {
    assert.equal((await ask("POST", `${chat}/messages`, { body: "", ...content })).status, 400);
  }
});
