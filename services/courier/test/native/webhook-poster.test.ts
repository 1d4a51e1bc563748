/** What is posted to webhooks of native bots: in which order, how often, and what becomes of it. */
import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "@rookery/kit";
import { shardOf } from "@rookery/protocol";
import {
  botSecretOwner,
  inTransaction,
  numberUpdates,
  readNativeWebhook,
  writeNativeWebhook,
} from "@rookery/store";
import { openFileNames } from "@rookery/telegram";
import { openShownFiles } from "../../src/native/shown-files.ts";
import { openShownPeople } from "../../src/native/shown-people.ts";
import { type RunAnswer, startWebhookPoster } from "../../src/native/webhook-poster.ts";
import { openHttpPost } from "../../src/outbound/http-post.ts";
import { openCourierFixture } from "../courier-fixture.ts";
import { makeNative, writeUpdates } from "./native-bot.ts";

const patience = { withinMs: 30_000 };
const courier = await openCourierFixture("webhook poster test");
const { store, shards, log, secrets } = courier;
const http = openHttpPost({ allows: () => true });
const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing) await close();
  await http.close();
  await courier.close();
});

interface Heard {
  readonly text: string;
  readonly chatId: number;
  readonly headers: IncomingHttpHeaders;
  readonly atMs: number;
}
interface Said {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A bot's own server: what it heard, and what it answers to each. */
async function openProgram(answer: (heard: Heard, count: number) => Said | Promise<Said>) {
  const heard: Heard[] = [];
  let open = 0;
  let openMax = 0;
  const server = createServer((request, response) => {
    void (async () => {
      openMax = Math.max(openMax, ++open);
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const update: { message: { text: string; chat: { id: number } } } = JSON.parse(
        Buffer.concat(chunks).toString(),
      );
      const { text, chat } = update.message;
      const one = { text, chatId: -chat.id, headers: request.headers, atMs: Date.now() };
      heard.push(one);
      const {
        status,
        headers = {},
        body = "",
      } = await answer(one, heard.filter((each) => each.text === text).length);
      open -= 1;
      response.writeHead(status, headers).end(body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    heard,
    get openMax() {
      return openMax;
    },
  };
}

async function openPoster(
  run: RunAnswer = () => Promise.resolve(),
  bounds: { readonly underWayMax?: number; readonly linesMax?: number } = {},
) {
  const { jobShards, held } = await courier.own();
  const people = openShownPeople(store, Date.now);
  const poster = startWebhookPoster({
    store,
    jobShards,
    people,
    files: openShownFiles(store, openFileNames("secret")),
    http,
    secrets,
    run,
    shards,
    log,
    ...bounds,
  });
  closing.push(() => poster.close());
  return {
    poster,
    jobShards,
    write: async (botId: number, chatId: number, ...bodies: string[]) => {
      await writeUpdates(store, { botId, chatId }, ...bodies);
      const shard = shardOf("bot", botId, shards);
      await numberUpdates(store, [{ shard, epoch: held.get(shard) ?? 0 }], [{ botId, shard }], 100);
      poster.stir(new Set([botId]), false);
    },
    setWebhook: async (
      botId: number,
      url: string,
      options: { secret?: string; maxConnections?: number } = {},
    ) => {
      const { secret, maxConnections = 40 } = options;
      const sealed = secret === undefined ? null : secrets.sealSecret(secret, botSecretOwner.webhook(botId));
      const webhook = { url, maxConnections, ip: null, secret: sealed };
      await inTransaction(store, (db) =>
        writeNativeWebhook(db, botId, webhook, { dropPending: false, nowMs: Date.now() }),
      );
      poster.stir(new Set([botId]), true);
    },
  };
}

const makeBot = async () => makeNative(store, (await courier.makeBot()).id);
const left = async (botId: number) => (await readNativeWebhook(store, botId, Date.now()))?.pending;

test("updates are posted in each chat's order, with the secret, and are gone when the bot took them", async () => {
  const botId = await makeBot();
  const program = await openProgram(() => ({ status: 200 }));
  const { poster, write, setWebhook } = await openPoster();
  await write(botId, 1, "a", "b", "c");
  await setWebhook(botId, program.url, { secret: "s3cret" });
  await write(botId, 2, "d", "e");
  await until(async () => (await left(botId)) === 0, patience);
  const of = (chatId: number) => program.heard.flatMap((each) => (each.chatId === chatId ? [each.text] : []));
  assert.deepEqual(
    [of(1), of(2)],
    [
      ["a", "b", "c"],
      ["d", "e"],
    ],
  );
  const [first] = program.heard;
  assert.equal(first?.headers["x-telegram-bot-api-secret-token"], "s3cret");
  assert.equal(first.headers["content-type"], "application/json");
  await poster.close();
});

test("what is refused is tried again at once, then after 2 s, before all that follows; other chats go on", async () => {
  const botId = await makeBot();
  const program = await openProgram(({ text }, count) => ({ status: text === "a" && count < 3 ? 500 : 200 }));
  const { poster, write, setWebhook } = await openPoster();
  await setWebhook(botId, program.url);
  await write(botId, 1, "a", "b");
  await write(botId, 2, "c");
  await until(async () => (await left(botId)) === 0, patience);
  const texts = program.heard.map(({ text }) => text);
  assert.deepEqual(
    texts.filter((text) => text !== "c"),
    ["a", "a", "a", "b"],
  );
  assert.ok(texts.indexOf("c") < texts.lastIndexOf("a"), texts.join());
  const times = program.heard.filter(({ text }) => text === "a").map(({ atMs }) => atMs);
  assert.ok((times[2] ?? 0) - (times[1] ?? 0) >= 1_900, String(times));
  const told = await readNativeWebhook(store, botId, Date.now());
  assert.equal(told?.lastError, "Wrong response from the webhook: 500 Internal Server Error");
  await poster.close();
});

test("Retry-After is obeyed", async () => {
  const botId = await makeBot();
  const program = await openProgram((_, count) =>
    count === 1 ? { status: 429, headers: { "retry-after": "1" } } : { status: 200 },
  );
  const { poster, write, setWebhook } = await openPoster();
  await setWebhook(botId, program.url);
  await write(botId, 1, "a");
  await until(async () => (await left(botId)) === 0, patience);
  const [one, two] = program.heard.map(({ atMs }) => atMs);
  assert.ok((two ?? 0) - (one ?? 0) >= 950);
  await poster.close();
});

test("no more posts at once than max_connections", async () => {
  const botId = await makeBot();
  const program = await openProgram(async () => {
    await sleep(20);
    return { status: 200 };
  });
  const { poster, write, setWebhook } = await openPoster();
  for (let chatId = 1; chatId <= 12; chatId += 1) await write(botId, chatId, `in ${chatId}`);
  await setWebhook(botId, program.url, { maxConnections: 3 });
  await until(async () => (await left(botId)) === 0, patience);
  assert.equal(program.openMax, 3);
  await poster.close();
});

test("[L7] bots that answer nothing leave room for the others, however many wait for them", async () => {
  const { poster, write, setWebhook } = await openPoster(undefined, { underWayMax: 8 });
  const silent = async () => {
    const botId = await makeBot();
    const program = await openProgram(() => new Promise<Said>(() => {}));
    for (let chatId = 1; chatId <= 10; chatId += 1) await write(botId, chatId, `in ${chatId}`);
    await setWebhook(botId, program.url);
    await until(() => program.heard.length > 0, patience);
    return program;
  };
  const programs = [await silent(), await silent(), await silent()];
  const botId = await makeBot();
  const program = await openProgram(() => ({ status: 200 }));
  await write(botId, 1, "a", "b");
  await write(botId, 2, "c");
  await setWebhook(botId, program.url);
  await until(async () => (await left(botId)) === 0, patience);
  const held = programs.map(({ heard }) => heard.length);
  assert.ok(held.reduce((sum, count) => sum + count, 0) < 8, held.join());
  await poster.close();
});

test("[L7] more chats than there is room for, each with more than is kept of it, are all posted in order", async () => {
  const { poster, write, setWebhook } = await openPoster(undefined, { linesMax: 2 });
  const botId = await makeBot();
  const program = await openProgram(() => ({ status: 200 }));
  const texts = Array.from({ length: 25 }, (_, number) => `${number}`);
  for (const chatId of [1, 2, 3]) await write(botId, chatId, ...texts);
  await setWebhook(botId, program.url);
  await until(async () => (await left(botId)) === 0, patience);
  for (const chatId of [1, 2, 3]) {
    const told = program.heard.flatMap((each) => (each.chatId === chatId ? [each.text] : []));
    assert.deepEqual(told, texts);
  }
  await poster.close();
});

test("what a bot answers is done before it has the update, under one name however often it is posted", async () => {
  const botId = await makeBot();
  const program = await openProgram(() => ({
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ method: "sendMessage" }),
  }));
  const runs: { readonly key: string; readonly type: string; readonly body: string }[] = [];
  let isBroken = true;
  const { poster, write, setWebhook } = await openPoster((id, { key, type, body }) => {
    assert.equal(id, botId);
    runs.push({ key, type, body: body.toString() });
    if (!isBroken) return Promise.resolve();
    isBroken = false;
    return Promise.reject(new Error("the edge has gone"));
  });
  await setWebhook(botId, program.url);
  await write(botId, 1, "a");
  await until(async () => (await left(botId)) === 0, patience);
  assert.equal(program.heard.length, 2);
  const expected = { key: "webhook-1", type: "application/json", body: '{"method":"sendMessage"}' };
  assert.deepEqual(runs, [expected, expected]);
  await poster.close();
});

test("[L10] another owner goes on with what was not taken", async () => {
  const botId = await makeBot();
  let isAway = true;
  const program = await openProgram(() => ({ status: isAway ? 502 : 200 }));
  const first = await openPoster();
  await first.setWebhook(botId, program.url);
  await first.write(botId, 1, "a", "b");
  await until(() => program.heard.length >= 2, patience);
  await first.poster.close();
  isAway = false;
  const before = program.heard.length;
  const next = await openPoster();
  await until(async () => (await left(botId)) === 0, patience);
  assert.deepEqual(
    program.heard.slice(before).map(({ text }) => text),
    ["a", "b"],
  );
  await next.poster.close();
});

test("what is under way when a courier stops may end: it is posted once", async () => {
  const botId = await makeBot();
  const answer = Promise.withResolvers<Said>();
  const program = await openProgram(() => answer.promise);
  const { poster, write, setWebhook } = await openPoster();
  await setWebhook(botId, program.url);
  await write(botId, 1, "a");
  await until(() => program.heard.length === 1, patience);
  const closed = poster.close();
  answer.resolve({ status: 200 });
  await closed;
  assert.equal(await left(botId), 0);
  assert.equal(program.heard.length, 1);
});

test("a shard that goes waits for its own posts, and not for those of others that hang", async () => {
  const { poster, jobShards, write, setWebhook } = await openPoster();
  const program = await openProgram(() => new Promise<Said>(() => {}));
  const botId = await makeBot();
  await setWebhook(botId, program.url);
  await write(botId, 1, "a");
  await until(() => program.heard.length === 1, patience);
  const [other] = Array.from({ length: shards }, (_, shard) => shard).filter(
    (shard) => shard !== shardOf("bot", botId, shards),
  );
  const drained = jobShards.drain(other ?? 0).then(() => "drained");
  // An answer is waited for 60 s.
  assert.equal(await Promise.race([drained, sleep(30_000, "late", { ref: false })]), "drained");
  await jobShards.drain(shardOf("bot", botId, shards));
  await poster.close();
});
