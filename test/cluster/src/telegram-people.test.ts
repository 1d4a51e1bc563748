/** People of a simulated Telegram and people of the cluster talk, while Telegram repeats itself and fails. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type MessageBody, until } from "@rookery/kit";
import {
  type Bot,
  checkJournal,
  isClean,
  type Person as TelegramPerson,
  type Simulator,
  startTelegramSimulator,
} from "@rookery/telegram-simulator";
import { type Cluster, openCluster } from "./cluster.ts";
import { expect, type Person, readHistory, register, request } from "./rest.ts";

const people = 8;
const messages = 10;
const withinMs = 60_000;

describe("people of Telegram", () => {
  let simulator: Simulator;
  let bot: Bot;
  let cluster: Cluster;
  let owner: Person;
  let all: TelegramPerson[];

  before(async () => {
    simulator = await startTelegramSimulator({ timeScale: 0.05, seed: 7 });
    bot = simulator.addBot({ username: "people_bot" });
    all = Array.from({ length: people }, (_, index) => simulator.addUser({ firstName: `Person ${index}` }));
    cluster = await openCluster({ edges: 2, env: { TELEGRAM_API_ROOT: simulator.url } });
    owner = await register(cluster.base, "owner");
    const body = { username: "people_bot", displayName: "People", mode: "webhook", token: bot.token };
    const made = await request(cluster.base, "POST", "/v1/bots", { token: owner.token, body });
    assert.equal(made.status, 201, made.text);
    await until(() => bot.webhook !== null, { withinMs });
  });
  after(async () => {
    await cluster?.close();
    await simulator?.close();
  });

  /** Of the chat with each person, by the person's name. */
  async function readChats(): Promise<
    Map<string, { readonly id: number; readonly bodies: readonly string[] }>
  > {
    const page = await expect<{ items: readonly { id: number; title: string }[] }>(
      200,
      cluster.base,
      "GET",
      "/v1/chats",
      {
        token: owner.token,
      },
    );
    const found = page.items.map(async ({ id, title }) => {
      const { items } = await readHistory(cluster.base, owner, id);
      const bodies = items.filter(({ kind }) => kind === "text").map(({ body }: MessageBody) => body);
      return [title, { id, bodies }] as const;
    });
    return new Map(await Promise.all(found));
  }

  it("[L2, L3] each update is there once and in order, whatever is posted twice or out of turn", async () => {
    simulator.faults.add({ kind: "duplicate", probability: 0.2 });
    simulator.faults.add({ kind: "resend", delayMs: 50, probability: 0.2 });
    const expected = Array.from({ length: messages }, (_, index) => `said ${index}`);
    for (const text of expected) for (const person of all) person.says(bot, text);
    const turns = () =>
      simulator.deliveries.filter(({ reason, status }) => reason === "turn" && status === 200);
    await until(() => turns().length === people * messages, { withinMs });
    assert.ok(simulator.deliveries.length > people * messages, "nothing was repeated");
    const chats = await readChats();
    for (const { user } of all)
      assert.deepEqual(chats.get(user.first_name)?.bodies, expected, user.first_name);
    simulator.faults.clear();
  });

  it("answers reach each of them once and in order, within Telegram's limits", async () => {
    const chats = await readChats();
    const expected: { chat: string; text: string }[] = [];
    for (const text of ["one", "two", "three", "four"]) {
      for (const { id, user } of all) {
        expected.push({ chat: String(id), text });
        const chatId = chats.get(user.first_name)?.id;
        await expect(201, cluster.base, "POST", `/v1/chats/${chatId}/messages`, {
          token: owner.token,
          body: { uuid: crypto.randomUUID(), body: text },
        });
      }
    }
    const shown = () => simulator.journal.seen.filter(({ kind }) => kind === "message");
    await until(() => shown().length >= expected.length, { withinMs });
    const seen = shown().map(({ chatId, body }) => ({ chat: String(chatId), text: String(body["text"]) }));
    const verdict = checkJournal(expected, seen);
    assert.ok(isClean(verdict), JSON.stringify(verdict));
    assert.deepEqual(simulator.journal.violations, []);
  });

  it("what people do with what is there is so here too: another photo, another name, a vote; who blocks the bot is not written to", async () => {
    const ada = simulator.addUser({ firstName: "Ada" });
    const photo = ada.sends(bot, { kind: "photo" }, { caption: "before" });
    const chatOf = async (name: string) => {
      const chats = () => readChats();
      await until(async () => (await chats()).has(name), { withinMs, what: `a chat called ${name}` });
      return (await chats()).get(name)?.id ?? 0;
    };
    const chatId = await chatOf("Ada");
    const { token } = owner;
    const path = `/v1/chats/${chatId}/messages`;
    const history = async () => (await readHistory(cluster.base, owner, chatId)).items;
    const [first] = await history();
    ada.replaces(photo, bot, "after");
    await until(async () => (await history())[0]?.body === "after", { withinMs, what: "the new photo" });
    assert.notDeepEqual((await history())[0]?.attachments, first?.attachments);

    const poll = { question: "Tea?", options: ["yes", "no"] };
    const body = { body: "", kind: "poll", poll };
    const { seq } = await expect<{ seq: number }>(201, cluster.base, "POST", path, { token, body });
    const shown = () =>
      simulator.journal.seen.findLast(({ kind, body: told }) => kind === "message" && told["poll"]);
    await until(() => shown() !== undefined, { withinMs, what: "the poll" });
    ada.votes(shown()?.body as Parameters<TelegramPerson["votes"]>[0], bot, 1);
    const voters = async () => (await history()).find((each) => each.seq === seq)?.poll?.options[1]?.userIds;
    await until(async () => (await voters())?.join() === String(first?.senderId), {
      withinMs,
      what: "a vote",
    });

    ada.isCalled({ first_name: "Ada", last_name: "Lovelace" });
    ada.says(bot, "I am married");
    assert.equal(await chatOf("Ada Lovelace"), chatId);

    ada.blocks(bot);
    const states = async (text: string) => {
      const sent = await expect<{ seq: number }>(201, cluster.base, "POST", path, {
        token,
        body: { body: text },
      });
      return (await history()).find((each) => each.seq === sent.seq)?.telegram;
    };
    const failed = { state: "failed", error: "Forbidden: bot was blocked by the user" };
    await until(async () => (await states("are you there?"))?.state === "failed", {
      withinMs,
      what: "a block",
    });
    assert.deepEqual(await states("hello?"), failed);
    ada.unblocks(bot);
    await until(async () => (await states("and now?"))?.state !== "failed", { withinMs, what: "a return" });
  });

  it("what is edited or deleted here is so there too, after all that went before, also when Telegram fails meanwhile", async () => {
    const [person] = all;
    assert.ok(person !== undefined);
    const chatId = (await readChats()).get(person.user.first_name)?.id ?? 0;
    const path = `/v1/chats/${chatId}/messages`;
    const write = async (text: string): Promise<string> => {
      const body = { uuid: crypto.randomUUID(), body: text };
      const { seq } = await expect<{ seq: number }>(201, cluster.base, "POST", path, {
        token: owner.token,
        body,
      });
      return `${path}/${seq}`;
    };
    const since = simulator.journal.seen.length;
    const seen = () =>
      simulator.journal.seen.slice(since).map(({ kind, body }) => [kind, body["text"] ?? body["message_id"]]);
    simulator.faults.add({ kind: "status", code: 429, retryAfter: 1, method: "editMessageText" });
    simulator.faults.add({ kind: "cut_after", method: "editMessageText", skip: 1 });
    const [kept, gone] = [await write("wrong"), await write("regretted")];
    // Both are asked for while the messages may still be on their way.
    const { token } = owner;
    await expect(200, cluster.base, "PATCH", kept, { token, body: { body: "right" } });
    assert.equal((await request(cluster.base, "DELETE", gone, { token })).status, 204);
    await until(() => seen().some(([kind]) => kind === "delete"), { withinMs });
    const told = seen();
    assert.deepEqual(
      told.slice(0, -1).filter(([, text], index) => index === 0 || text !== told[index - 1]?.[1]),
      [
        ["message", "wrong"],
        ["message", "regretted"],
        ["edit", "right"],
      ],
    );
    simulator.faults.clear();
  });
});
