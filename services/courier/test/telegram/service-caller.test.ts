/** The names under which services are asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@rookery/kit";
import type { BotEvent } from "@rookery/protocol";
import { type HttpPost, OutboundError } from "../../src/outbound/http-post.ts";
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

const service = { key: "7/one", spec: { url: "http://one", retries: 0 }, headers: {} };
const answer = {
  status: 200,
  body: "{}",
  bytes: Buffer.from("{}"),
  type: "application/json",
  retryAfter: null,
};

test("calls that are given up with their shard say nothing about the service", async () => {
  const post: HttpPost["post"] = (_url, { signal }) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new OutboundError("given up")));
    });
  const http = { post, close: async () => {} };
  const caller = openServiceCaller({ http, now: () => 0 });
  const stop = new AbortController();
  const asked = { service: "one", step: 0 };
  const calls = Array.from({ length: 40 }, () => caller.call(service, event, asked, stop.signal));
  stop.abort();
  for (const call of calls) assert.deepEqual(await call, { kind: "failed", reason: "given up" });
  http.post = async () => answer;
  const later = await caller.call(service, event, asked, new AbortController().signal);
  assert.equal(later.kind, "answered");
});

test("more calls than a service is asked at once wait their turn, and no longer than a call may take", async () => {
  const open: (() => void)[] = [];
  let underWay = 0;
  let most = 0;
  const http: HttpPost = {
    post: async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise<void>((resolve) => open.push(resolve));
      underWay -= 1;
      return answer;
    },
    close: async () => {},
  };
  const caller = openServiceCaller({ http, now: () => 0 });
  const ask = (timeoutMs: number) =>
    caller.call(
      { ...service, spec: { ...service.spec, timeoutMs } },
      event,
      { service: "one", step: 0 },
      new AbortController().signal,
    );
  const calls = Array.from({ length: 100 }, () => ask(60_000));
  const impatient = await ask(1);
  assert.deepEqual(impatient, { kind: "failed", reason: "too many calls are under way" });
  let answered = 0;
  for (const call of calls) void call.then(() => (answered += 1));
  await until(
    () => {
      for (const end of open.splice(0)) end();
      return answered === calls.length;
    },
    { withinMs: 30_000, what: "all" },
  );
  assert.equal(most, 64);
});

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
  const { signal } = new AbortController();
  for (const step of [0, 1])
    await caller.call({ ...service, spec: { url: "http://one" } }, event, { service: "one", step }, signal);
  assert.deepEqual(names, ["bot-7-1001-0 1", "bot-7-1001-0 2", "bot-7-1001-1 1"]);
  assert.deepEqual(bodies, ["bot-7-1001-0", "bot-7-1001-0", "bot-7-1001-1"]);
});
