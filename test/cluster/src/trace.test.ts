/** A message's way is one trace: taken in by an edge, committed by a worker, written by edges, sent by a courier. */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { until } from "@rookery/kit";
import { type Simulator, startTelegramSimulator } from "@rookery/telegram-simulator";
import { type Cluster, openCluster } from "./cluster.ts";
import { openCollector, type SeenSpan } from "./otlp-collector.ts";
import { createDirect, expect, type Person, register } from "./rest.ts";
import { openSocket } from "./socket.ts";

const botToken = `7001234568:AAH${randomBytes(16).toString("hex")}`;
const username = "traced_bot";
const patience = { withinMs: 30_000 };

describe("the traces of a cluster", () => {
  let collector: Awaited<ReturnType<typeof openCollector>>;
  const receiver = createServer((asked, response) => void asked.resume().on("end", () => response.end()));
  let simulator: Simulator;
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;
  let cleo: Person;

  before(async () => {
    collector = await openCollector();
    receiver.listen(0, "127.0.0.1");
    await once(receiver, "listening");
    simulator = await startTelegramSimulator();
    simulator.addBot({ username, token: botToken });
    cluster = await openCluster({
      edges: 2,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_TRACES_SAMPLER_ARG: "1",
        TELEGRAM_API_ROOT: simulator.url,
        WEBHOOK_ALLOW_PRIVATE: "true",
      },
    });
    [ann, bob, cleo] = await Promise.all([
      register(cluster.base, "ann"),
      register(cluster.base, "bob"),
      register(cluster.base, "cleo"),
    ]);
  });
  after(async () => {
    await cluster?.close();
    await simulator?.close();
    await collector?.close();
    receiver.closeAllConnections();
    receiver.close();
  });

  /** The trace of the message at this place, once all that is wanted of it has come. */
  async function traceOf(chatId: number, seq: number, names: readonly string[]): Promise<SeenSpan[]> {
    return await until(
      () => {
        const id = collector.spans.find(
          ({ attributes }) => attributes["rookery.chat"] === chatId && attributes["rookery.seq"] === seq,
        )?.traceId;
        const spans = collector.spans.filter(({ traceId }) => id !== undefined && traceId === id);
        return names.every((name) => spans.some((span) => span.name === name)) ? spans : null;
      },
      { ...patience, what: `the spans ${names.join(", ")}` },
    ).then((spans) => spans ?? []);
  }
  const only = (spans: readonly SeenSpan[], name: string): SeenSpan => {
    const named = spans.filter((span) => span.name === name);
    assert.equal(named.length, 1, `${name}: ${named.length}`);
    return named[0] as SeenSpan;
  };

  it("a message from a socket of one edge to a socket of another is one trace through edge and worker", async () => {
    const { id: chatId } = await createDirect(cluster.base, ann, bob);
    const [from, to] = await Promise.all([
      openSocket({ base: cluster.edges[0] ?? "", token: ann.token }),
      openSocket({ base: cluster.edges[1] ?? "", token: bob.token }),
    ]);
    const uuid = randomUUID();
    from.send({ type: "SendMessage", uuid, chatId, body: "a secret between us" });
    const { seq } = await from.frame("Ack", (frame) => frame.uuid === uuid);
    await to.frame("Message", (frame) => frame.uuid === uuid);
    const spans = await traceOf(chatId, seq, ["command", "commit", "deliver"]);
    const [command, commit] = [only(spans, "command"), only(spans, "commit")];
    assert.equal(command.service, "rookery-edge");
    assert.equal(command.parentSpanId ?? "", "", "it is the root");
    assert.equal(commit.service, "rookery-worker");
    assert.equal(commit.parentSpanId, command.spanId);
    for (const deliver of spans.filter(({ name }) => name === "deliver")) {
      assert.equal(deliver.service, "rookery-edge");
      assert.equal(deliver.parentSpanId, commit.spanId);
    }
    for (const { startMs, endMs, name } of spans) assert.ok(endMs >= startMs, name);
    assert.ok(command.startMs <= commit.endMs && commit.endMs <= command.endMs + 1_000);
    assert.doesNotMatch(JSON.stringify(collector.spans), /a secret between us/);
    assert.deepEqual([...collector.paths], ["POST /v1/traces"]);
    await Promise.all([from.close(), to.close()]);
  });

  it("its delivery to a webhook belongs to it", async () => {
    const { id: chatId } = await createDirect(cluster.base, cleo, ann);
    const endpoint = await expect<{ id: number }>(201, cluster.base, "POST", "/v1/webhooks", {
      token: ann.token,
      body: { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`, scope: "chat", chatId },
    });
    // Facts reach the worker in a moment; a message before that is nobody's delivery.
    const spans = await until(async () => {
      const { seq } = await send(chatId, ann);
      return await traceOf(chatId, seq, ["command", "commit", "webhook"]);
    }, patience);
    const webhook = only(spans, "webhook");
    assert.equal(webhook.service, "rookery-courier");
    assert.equal(webhook.parentSpanId, only(spans, "commit").spanId);
    assert.equal(webhook.attributes["rookery.endpoint"], endpoint.id);
    assert.equal(webhook.attributes["http.response.status_code"], 200);
  });

  it("so does its sending to Telegram", async () => {
    const { id, webhookSecret } = await expect<{ id: number; webhookSecret: string }>(
      201,
      cluster.base,
      "POST",
      "/v1/bots",
      {
        token: ann.token,
        body: { username, displayName: "Traced", mode: "webhook", token: botToken },
      },
    );
    const tess = { id: 555, first_name: "Tess" };
    await expect(200, cluster.base, "POST", `/v1/telegram/webhook/${username}`, {
      headers: { "x-telegram-bot-api-secret-token": webhookSecret },
      body: {
        update_id: 1_000,
        message: {
          message_id: 1,
          date: 1_800_000_000,
          from: { ...tess, is_bot: false },
          chat: { ...tess, type: "private" },
          text: "hello",
        },
      },
    });
    const { items } = await expect<{ items: readonly { id: number; type: string }[] }>(
      200,
      cluster.base,
      "GET",
      "/v1/chats",
      { token: ann.token },
    );
    const chatId = items.find(({ type }) => type === "telegram")?.id ?? 0;
    const { seq } = await send(chatId, ann);
    const spans = await traceOf(chatId, seq, ["command", "commit", "telegram"]);
    const telegram = spans.findLast(({ name }) => name === "telegram");
    assert.equal(telegram?.service, "rookery-courier");
    assert.equal(telegram?.parentSpanId, only(spans, "commit").spanId);
    assert.equal(telegram?.attributes["rookery.bot"], id);
  });

  async function send(chatId: number, from: Person): Promise<{ readonly seq: number }> {
    return await expect(201, cluster.base, "POST", `/v1/chats/${chatId}/messages`, {
      token: from.token,
      body: { body: "something" },
    });
  }
});
