/** One message to many people of a simulated Telegram: watched, paused, cancelled, and carried on by whoever owns the bot. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@rookery/kit";
import {
  type Bot,
  type Person as TelegramPerson,
  type Simulator,
  startTelegramSimulator,
} from "@rookery/telegram-simulator";
import { type Cluster, openCluster } from "./cluster.ts";
import { expect, type Person, register } from "./rest.ts";

const people = 240;
const withinMs = 60_000;

interface Broadcast {
  readonly id: number;
  readonly total: number;
  readonly sent: number;
  readonly failed: number;
  readonly state: string;
}

describe("broadcasts", () => {
  let simulator: Simulator;
  let bot: Bot;
  let cluster: Cluster;
  let owner: Person;
  let path: string;
  let all: TelegramPerson[];

  before(async () => {
    simulator = await startTelegramSimulator({ timeScale: 0.05, seed: 11 });
    bot = simulator.addBot({ username: "herald_bot" });
    all = Array.from({ length: people }, (_, index) => simulator.addUser({ firstName: `Person ${index}` }));
    cluster = await openCluster({ couriers: 2, env: { TELEGRAM_API_ROOT: simulator.url } });
    owner = await register(cluster.base, "owner");
    const body = { username: "herald_bot", displayName: "Herald", mode: "webhook", token: bot.token };
    const { id } = await expect<{ id: number }>(201, cluster.base, "POST", "/v1/bots", {
      token: owner.token,
      body,
    });
    path = `/v1/bots/${id}/broadcasts`;
    await until(() => bot.webhook !== null, { withinMs });
    for (const person of all) person.says(bot, "hello");
    await taken(people);
  });
  after(async () => {
    await cluster?.close();
    await simulator?.close();
  });

  /** Resolves when so many updates have been taken from Telegram. */
  const taken = (updates: number): Promise<unknown> =>
    until(() => simulator.deliveries.filter(({ status }) => status === 200).length >= updates, {
      withinMs,
      what: `${updates} updates`,
    });
  const announce = (body: string, to: object = { audience: {} }) =>
    expect<Broadcast>(202, cluster.base, "POST", path, {
      token: owner.token,
      body: { ...to, message: { body } },
      headers: { "idempotency-key": `of-${body.replaceAll(" ", "-")}` },
    });
  const order = (id: number, order: string) =>
    expect<Broadcast>(200, cluster.base, "POST", `${path}/${id}/${order}`, { token: owner.token });
  const read = (id: number) =>
    expect<Broadcast>(200, cluster.base, "GET", `${path}/${id}`, { token: owner.token });
  const ended = (id: number): Promise<unknown> =>
    until(async () => (await read(id)).state === "done", { withinMs, what: "the end of a broadcast" });
  const listChats = async () => {
    const chats: { readonly id: number; readonly title: string }[] = [];
    for (let cursor = ""; ; ) {
      const query = `limit=100${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const page = await expect<{ items: typeof chats; nextCursor: string | null }>(
        200,
        cluster.base,
        "GET",
        `/v1/chats?${query}`,
        { token: owner.token },
      );
      chats.push(...page.items);
      if (page.nextCursor === null) return chats;
      cursor = encodeURIComponent(page.nextCursor);
    }
  };
  /** How many times each person saw it, by their number. */
  const shown = (text: string): number[] => {
    const times = new Map<string, number>();
    for (const { kind, chatId, body } of simulator.journal.seen) {
      if (kind !== "message" || body["text"] !== text) continue;
      times.set(String(chatId), (times.get(String(chatId)) ?? 0) + 1);
    }
    return all.map(({ user }) => times.get(String(user.id)) ?? 0);
  };
  const count = (text: string): number => shown(text).reduce((sum, each) => sum + each, 0);

  it("reaches each chat once within Telegram's limits, while conversations go on", async () => {
    const text = "the water comes back";
    const { id, total, state } = await announce(text);
    assert.deepEqual({ total, state }, { total: people, state: "running" });
    await until(() => count(text) > 20, { withinMs });
    const waits: number[] = [];
    for (const { id: chatId } of (await listChats()).slice(0, 10)) {
      const reply = `to ${chatId}`;
      const startMs = Date.now();
      await expect(201, cluster.base, "POST", `/v1/chats/${chatId}/messages`, {
        token: owner.token,
        body: { body: reply },
      });
      await until(() => count(reply) === 1, { withinMs, what: "a reply" });
      waits.push(Date.now() - startMs);
    }
    assert.equal((await read(id)).state, "running", "the replies were not sent beside the broadcast");
    // A second is the aim; a chat that has just got the broadcast may also have to wait its own second.
    assert.ok(Math.max(...waits) < 3_000, `replies took ${waits.join(", ")} ms`);
    await ended(id);
    assert.deepEqual(new Set(shown(text)), new Set([1]));
    const { sent, failed } = await read(id);
    assert.deepEqual({ sent, failed }, { sent: people, failed: 0 });
    assert.deepEqual(simulator.journal.violations, []);
  });

  it("who blocked the bot is no audience, and is told with the reason where the chat is named", async () => {
    const gone = all.slice(0, 3);
    for (const person of gone) person.blocks(bot);
    await taken(people + gone.length);
    const chats = await listChats();
    const chatIdOf = (person: TelegramPerson) =>
      chats.find(({ title }) => title === person.user.first_name)?.id;
    const chatIds = all.slice(0, 4).map(chatIdOf);
    const { id, total } = await announce("to four", { chatIds });
    assert.equal(total, 4);
    await ended(id);
    const { sent, failed } = await read(id);
    assert.deepEqual({ sent, failed }, { sent: 1, failed: 3 });
    const report = await expect<{ items: readonly { chatId: number; error: string }[] }>(
      200,
      cluster.base,
      "GET",
      `${path}/${id}/failures`,
      { token: owner.token },
    );
    assert.deepEqual(
      report.items.map(({ chatId }) => chatId),
      chatIds.slice(0, 3),
    );
    for (const { error } of report.items) assert.match(error, /bot was blocked by the user/);
    const others = await announce("to the others");
    assert.equal(others.total, people - gone.length);
    await order(others.id, "cancel");
    for (const person of gone) person.unblocks(bot);
    await taken(people + 2 * gone.length);
  });

  it("a pause is felt within seconds, goes on where it was, and a cancelled one ends", async () => {
    const text = "the lift is repaired";
    const { id } = await announce(text);
    await until(() => count(text) > 10, { withinMs });
    assert.equal((await order(id, "pause")).state, "paused");
    const pausedMs = Date.now();
    // What was fed is sent: it is counted when nothing is under way any more.
    const lastMs = () => Math.max(...simulator.journal.seen.map(({ atMs }) => atMs));
    const isStill = async () => (await read(id)).sent === count(text) && Date.now() - lastMs() > 2_000;
    await until(isStill, { withinMs, what: "a pause" });
    const before = count(text);
    assert.ok(Date.now() - pausedMs < 10_000, `${Date.now() - pausedMs} ms until it stood`);
    assert.ok(before < people / 2, `${before} were sent before it stood`);
    assert.equal((await order(id, "resume")).state, "running");
    await until(() => count(text) > before + 20, { withinMs });
    assert.equal((await order(id, "cancel")).state, "cancelled");
    await until(async () => (await read(id)).sent === count(text), { withinMs });
    assert.ok(shown(text).every((times) => times <= 1));
    assert.ok(count(text) < people);
    assert.equal((await read(id)).state, "cancelled");
  });

  it("[L2, L3] goes on when its couriers are killed: nobody is left out, and only those in flight may see it twice", async () => {
    const text = "the meeting is on Friday";
    const { id } = await announce(text);
    for (const [reached, victim] of [
      [40, 0],
      [120, 1],
    ] as const) {
      await until(() => count(text) > reached, { withinMs });
      cluster.kill("courier", victim);
    }
    await ended(id);
    const { sent, failed } = await read(id);
    assert.deepEqual({ sent, failed }, { sent: people, failed: 0 });
    assert.ok(shown(text).every((times) => times >= 1));
    // Two kills, and a second's sends at most are under way at each.
    assert.ok(count(text) <= people + 2 * 28, `${count(text)} were shown`);
    // The same request names the same broadcast.
    const again = await expect<Broadcast>(200, cluster.base, "POST", path, {
      token: owner.token,
      body: { audience: {}, message: { body: text } },
      headers: { "idempotency-key": `of-${text.replaceAll(" ", "-")}` },
    });
    assert.equal(again.id, id);
  });
});
