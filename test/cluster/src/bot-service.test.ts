/** People of a simulated Telegram are answered by services behind a bot's routes, and one that hangs holds up nobody else. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { until } from "@rookery/kit";
import {
  type Bot,
  type Person as Caller,
  type Simulator,
  startTelegramSimulator,
} from "@rookery/telegram-simulator";
import { type Cluster, openCluster } from "./cluster.ts";
import { expect, type Person, readHistory, register, request } from "./rest.ts";

const withinMs = 60_000;
const callers = 20;
const hanging = 10;
const rounds = 6;
/** Telegram takes one message a second of a chat. */
const roundMs = 1_300;
const hangMs = 60_000;
/** Every so many turns somebody asks the service that hangs. */
const hangEvery = 6;
/** What a busy machine adds to the slowest of a hundred by itself. */
const noiseMs = 50;
const triesMax = 3;

interface Call {
  readonly service: string;
  readonly person: { readonly firstName: string };
  readonly input: { readonly text?: string; readonly data?: string };
  readonly payload: { readonly argument?: string; readonly match?: object };
}

/** The answers of both services. */
function answerTo({ service, input, payload, person }: Call): object {
  if (payload.match !== undefined) {
    return { edit: { text: `taken: ${JSON.stringify(payload.match)}` }, answer: { text: "yours" } };
  }
  if (service === "quick" && payload.argument !== undefined) {
    const about = payload.argument === "entity" ? { entity: "request:7" } : {};
    const keyboard = { rows: [{ buttons: [{ text: "Take", data: "take:7", ...about }] }] };
    return { messages: [{ text: `Hello ${person.firstName}, ${payload.argument}`, keyboard }] };
  }
  return { messages: [{ text: `re ${input.text ?? ""}` }] };
}

function p99(list: readonly number[]): number {
  return placed(list, 0.99);
}

function placed(list: readonly number[], share: number): number {
  const sorted = list.toSorted((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
}

describe("a bot with two services", () => {
  let simulator: Simulator;
  let bot: Bot;
  let cluster: Cluster;
  let owner: Person;
  let botId: number;
  let services: Server;
  let all: Caller[];
  let hung = 0;
  let tries = 0;
  let putServices: (query: string) => Promise<void>;

  before(async () => {
    services = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on("end", () => {
        const call: Call = JSON.parse(text);
        const answer = (): void => void response.end(JSON.stringify(answerTo(call)));
        if (request.url?.startsWith("/hang") !== true) return answer();
        hung += 1;
        setTimeout(answer, hangMs).unref();
      });
    });
    await new Promise<void>((resolve) => {
      services.listen(0, "127.0.0.1", resolve);
    });
    const url = `http://127.0.0.1:${(services.address() as AddressInfo).port}`;
    simulator = await startTelegramSimulator({ timeScale: 0.05, seed: 11 });
    bot = simulator.addBot({ username: "service_bot" });
    all = Array.from({ length: callers + hanging }, (_, index) =>
      simulator.addUser({ firstName: `Caller ${index}`, languageCode: "ru" }),
    );
    cluster = await openCluster({
      edges: 2,
      env: { TELEGRAM_API_ROOT: simulator.url, WEBHOOK_ALLOW_PRIVATE: "true" },
    });
    owner = await register(cluster.base, "owner");
    const { token } = owner;
    const made = await expect<{ id: number }>(201, cluster.base, "POST", "/v1/bots", {
      token,
      body: { username: "service_bot", displayName: "Service", mode: "webhook", token: bot.token },
    });
    botId = made.id;
    // Under another URL a service begins anew, with its breaker closed.
    putServices = async (query) => {
      const slow = { url: `${url}/hang${query}`, timeoutMs: 3_000, retries: 1 };
      const body = { quick: { url: `${url}/quick` }, slow };
      await expect(200, cluster.base, "PUT", `/v1/bots/${botId}/services`, { token, body });
    };
    await putServices("");
    await expect(200, cluster.base, "PUT", `/v1/bots/${botId}/routes`, {
      token,
      body: {
        commands: [
          { command: "start", to: { service: "quick" }, description: { en: "Begin", ru: "Начать" } },
          { command: "hang", to: { service: "slow" } },
        ],
        callbacks: [{ match: "pattern", value: "take:{id}", to: { service: "quick" } }],
        text: { service: "quick" },
        apology: { ru: "Простите" },
        expired: { ru: "Слишком поздно" },
        flood: { off: true },
      },
    });
    await until(() => bot.webhook !== null, { withinMs });
    // Without a language, in en, in ru.
    await until(() => bot.commands.size === 3, { withinMs, what: "commands told to Telegram" });
  });
  after(async () => {
    await cluster?.close();
    await simulator?.close();
    services?.closeAllConnections();
    services?.close();
  });

  const seenBy = ({ id }: Caller, text: string) =>
    simulator.journal
      .seenBy(id)
      .find(({ kind, body }) => kind !== "callback_answer" && body["text"] === text);

  it("[T6] tells Telegram its commands, in each language", () => {
    assert.deepEqual(
      new Set([...bot.commands.values()].flat().map(({ description }) => description)),
      new Set(["Begin", "Начать"]),
    );
  });

  it("[T6] [T8] answers a command with its payload, a press beside its button, and the owner sees what the bot said", async () => {
    const [ada] = all;
    assert.ok(ada !== undefined);
    ada.says(bot, "/start ref42");
    const hello = `Hello ${ada.user.first_name}, ref42`;
    const seen = await until(() => seenBy(ada, hello), { withinMs, what: hello });
    const chat = await until(
      async () => {
        const { items } = await expect<{ items: { id: number }[] }>(200, cluster.base, "GET", "/v1/chats", {
          token: owner.token,
        });
        return items[0];
      },
      { withinMs },
    );
    const { items } = await readHistory(cluster.base, owner, chat?.id ?? 0);
    assert.deepEqual(
      items.map(({ senderId, body }) => [senderId === botId, body]),
      [
        [false, "/start ref42"],
        [true, hello],
      ],
    );
    const message = { ...seen?.body, message_id: seen?.messageId } as unknown as Parameters<
      Caller["presses"]
    >[0];
    ada.presses(message, bot, "take:7");
    await until(() => seenBy(ada, 'taken: {"id":"7"}'), { withinMs, what: "the message as it is now" });
    assert.ok(
      simulator.journal
        .seenBy(ada.id)
        .some(({ kind, body }) => kind === "callback_answer" && body["text"] === "yours"),
    );
  });

  it("[T10] buttons about an entity end by REST, for everybody they were said to", async () => {
    const [ada, bob] = all;
    assert.ok(ada !== undefined && bob !== undefined);
    const offered = async (person: Caller) => {
      person.says(bot, "/start entity");
      const seen = await until(() => seenBy(person, `Hello ${person.user.first_name}, entity`), { withinMs });
      return { ...seen?.body, message_id: seen?.messageId } as unknown as Parameters<Caller["presses"]>[0];
    };
    const [adas, bobs] = [await offered(ada), await offered(bob)];
    ada.presses(adas, bot, "Take");
    await until(() => seenBy(ada, 'taken: {"id":"7"}'), { withinMs });
    const end = (entity: string, token = owner.token) =>
      request<{ invalidated: number }>(cluster.base, "POST", `/v1/bots/${botId}/buttons/invalidate`, {
        token,
        body: { entity },
      });
    assert.deepEqual((await end("request:8")).body, { invalidated: 0 });
    const ended = await end("request:7");
    assert.deepEqual([ended.status, ended.body], [200, { invalidated: 2 }]);
    bob.presses(bobs, bot, "Take");
    const told = () =>
      simulator.journal
        .seenBy(bob.id)
        .some(({ kind, body }) => kind === "callback_answer" && body["text"] === "Слишком поздно");
    await until(told, { withinMs, what: "that it is too late" });
    assert.equal((await end("", owner.token)).status, 400);
    const stranger = await register(cluster.base, "stranger");
    assert.equal((await end("request:7", stranger.token)).status, 404);
  });

  /** Each says something a few times; how long each waited for the answer. */
  async function converse(word: string, besides?: (turn: number) => void): Promise<number[]> {
    let turn = 0;
    const saidMs = new Map<string, number>();
    for (let round = 0; round < rounds; round += 1) {
      const startedMs = Date.now();
      for (const [index, person] of all.slice(0, callers).entries()) {
        const text = `${word} ${round} ${index}`;
        // Spread over the round, as people are.
        const atMs = startedMs + (roundMs / callers) * index;
        await until(() => Date.now() >= atMs, { withinMs });
        besides?.(turn);
        turn += 1;
        saidMs.set(`re ${text}`, Date.now());
        person.says(bot, text);
      }
      await until(() => Date.now() >= startedMs + roundMs, { withinMs });
    }
    const answers = () => simulator.journal.seen.filter(({ body }) => saidMs.has(String(body["text"])));
    await until(() => answers().length === saidMs.size, { withinMs, what: "all answers" });
    return answers().map(({ atMs, body }) => atMs - (saidMs.get(String(body["text"])) ?? 0));
  }

  it("a service that hangs for 60 s: the p99 of other chats grows by at most a fifth", async (t) => {
    // A first message makes a person and a chat, which is more than an answer.
    for (const person of all) person.says(bot, "hi");
    for (const person of all) await until(() => seenBy(person, "re hi"), { withinMs, what: "first answers" });
    await converse("warm");
    // The slowest of a hundred is often the machine's doing, which is not so three times.
    let told = "";
    for (let round = 0; round < triesMax; round += 1) {
      await putServices(`?${round}`);
      const before = hung;
      const quiet = await converse(`quiet${round}`);
      // One after another: their apologies at once would take the bot's turns of a whole second at Telegram.
      const others = all.slice(callers);
      const besides = await converse(`besides${round}`, (turn) =>
        others[turn / hangEvery]?.says(bot, "/hang"),
      );
      assert.ok(hung - before >= hanging, `${hung - before} calls hang`);
      tries += 1;
      told = `p99 ${p99(quiet)} ms of ${quiet.length} answers, ${p99(besides)} ms beside ${hung - before} calls that hang; medians ${placed(quiet, 0.5)} and ${placed(besides, 0.5)} ms`;
      t.diagnostic(told);
      if (p99(besides) <= p99(quiet) * 1.2 + noiseMs) break;
      assert.ok(tries < triesMax, told);
    }
    for (const person of all.slice(callers)) {
      await until(() => seenBy(person, "Простите"), { withinMs, what: "an apology" });
    }
  });

  it("[T12] counts what was done", async () => {
    const { items } = await expect<{
      items: { kind: string; name: string; count: number; errors: number }[];
    }>(200, cluster.base, "GET", `/v1/bots/${botId}/metrics?step=day`, { token: owner.token });
    const text = items.filter(({ kind }) => kind === "text").reduce((sum, { count }) => sum + count, 0);
    assert.equal(text, callers * rounds * (1 + 2 * tries) + all.length);
    assert.ok(items.some(({ kind, name, errors }) => kind === "service" && name === "slow" && errors > 0));
  });

  it("[T16] a service tells a person something, once for one name", async () => {
    const [, bea] = all;
    assert.ok(bea !== undefined);
    const body = { telegramUserId: bea.id, message: { body: "it is ready", uuid: "notice-1" } };
    for (let count = 0; count < 2; count += 1) {
      await expect(202, cluster.base, "POST", `/v1/bots/${botId}/notify`, { token: owner.token, body });
    }
    await until(() => seenBy(bea, "it is ready"), { withinMs });
    const seen = simulator.journal.seenBy(bea.id).filter((each) => each.body["text"] === "it is ready");
    assert.equal(seen.length, 1);
  });
});
