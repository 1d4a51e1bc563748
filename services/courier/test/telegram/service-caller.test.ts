/** The names under which services are asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BotEvent } from "@rookery/protocol";
import { openServiceCaller } from "../../src/telegram/service-caller.ts";

const event: BotEvent = {
  botId: 7,
  updateId: 1_001,
  type: "message",
  chatId: 5,
  telegramChatId: 50,
  isPrivate: true,
  person: {
    telegramId: 1,
    firstName: "Ada",
    lastName: null,
    username: null,
    language: "en",
    userId: null,
    role: "member",
  },
  input: { kind: "text", text: "hi" },
  raw: {},
};

test("[L3] each call of an update has its own request id, and its repeats have the same", async () => {
  const names: string[] = [];
  const bodies: string[] = [];
  const statuses = [503, 200, 200];
  const caller = openServiceCaller({
    http: {
      post: async (_url, { headers, body }) => {
        names.push(`${headers["x-request-id"]} ${headers["x-attempt"]}`);
        bodies.push((JSON.parse(body) as { requestId: string }).requestId);
        const said = { status: statuses.shift() ?? 200, body: "{}" };
        return { ...said, bytes: Buffer.from(said.body), type: "application/json", retryAfter: null };
      },
      close: async () => {},
    },
    now: () => 0,
  });
  const service = { key: "7/one", spec: { url: "http://one" }, headers: {} };
  const { signal } = new AbortController();
  for (const step of [0, 1]) await caller.call(service, event, { service: "one", step }, signal);
  assert.deepEqual(names, ["bot-7-1001-0 1", "bot-7-1001-0 2", "bot-7-1001-1 1"]);
  assert.deepEqual(bodies, ["bot-7-1001-0", "bot-7-1001-0", "bot-7-1001-1"]);
});
