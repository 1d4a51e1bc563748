/** Questions of native bots: the rules of getUpdates, word by word of the edge and row by row. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "@rookery/kit";
import {
  type BotAsk,
  type BotPoll,
  type BotPolled,
  type BotTold,
  encodeInternal,
  parseInternal,
  shardOf,
  subjects,
} from "@rookery/protocol";
import { inTransaction, writeNativeWebhook } from "@rookery/store";
import { openFileNames } from "@rookery/telegram";
import { startPollDesk } from "../../src/native/poll-desk.ts";
import { openShownFiles } from "../../src/native/shown-files.ts";
import { openShownPeople } from "../../src/native/shown-people.ts";
import { openCourierFixture } from "../courier-fixture.ts";
import { makeNative, writeUpdates } from "./native-bot.ts";

const patience = { withinMs: 20_000 };
const courier = await openCourierFixture("poll desk test");
after(() => courier.close());
const { store, shards, log } = courier;
let polls = 0;

const makeBot = async () => makeNative(store, (await courier.makeBot()).id);
const write = (botId: number, ...bodies: readonly string[]) =>
  writeUpdates(store, { botId, chatId: 5 }, ...bodies);

/** A desk over a bus of this process, and an edge that asks it. */
async function openDesk() {
  const owned = await courier.own();
  const listeners = new Map<string, (bytes: Uint8Array) => void>();
  const told = new Map<number, BotPolled[]>();
  const stirred: number[] = [];
  const desk = startPollDesk({
    store,
    shards,
    log,
    jobShards: owned.jobShards,
    people: openShownPeople(store, Date.now),
    files: openShownFiles(store, openFileNames("secret")),
    stirred: (botIds) => stirred.push(...botIds),
    bus: {
      subscribe(subject, hear) {
        listeners.set(subject, (bytes) => hear({ subject, bytes, respond: () => {} }));
        return { close: () => listeners.delete(subject) };
      },
      publish(subject, bytes) {
        if (subject !== subjects.botTold("edge")) return;
        for (const each of parseInternal<BotTold>(bytes).polled ?? []) {
          told.set(each.id, [...(told.get(each.id) ?? []), each]);
        }
      },
    },
  });
  await until(() => listeners.size >= shards, patience);
  const say = (botId: number, ask: Omit<BotAsk, "edge">): void => {
    const subject = subjects.botAsk(shardOf("bot", botId, shards));
    listeners.get(subject)?.(encodeInternal({ edge: "edge", ...ask }));
  };
  const ask = (botId: number, change: Partial<BotPoll> = {}): number => {
    const id = change.id ?? ++polls;
    const poll = { id, botId, consumer: "", offset: 0, limit: 100, waits: true, startedMs: id, again: false };
    say(botId, { polls: [{ ...poll, ...change }] });
    return id;
  };
  return {
    ...owned,
    desk,
    told,
    stirred,
    ask,
    changed: (botId: number) => say(botId, { polls: [], changed: [botId] }),
    wakeBot: (botId: number) =>
      owned.wake({ kind: "botUpdate", owner: { kind: "bot", id: botId }, job: { botId } }),
    /** What the question was answered: ids and texts, or why not. */
    async answered(id: number): Promise<unknown> {
      await until(() => told.has(id), patience);
      const answer = told.get(id)?.[0];
      if (answer === undefined || "conflict" in answer) return answer?.conflict;
      const updates: { update_id: number; message: { text: string } }[] = JSON.parse(answer.updates);
      return updates.map((each) => `${each.update_id}:${each.message.text}`);
    },
  };
}

test("what is there is told at once; what comes later is told to whoever waits, until it is confirmed", async () => {
  const botId = await makeBot();
  const edge = await openDesk();
  await write(botId, "a", "b");
  const waiting = edge.ask(botId);
  edge.wakeBot(botId);
  assert.deepEqual(await edge.answered(waiting), ["1:a", "2:b"]);
  assert.deepEqual(await edge.answered(edge.ask(botId, { offset: 2 })), ["2:b"]);
  const patient = edge.ask(botId, { offset: 3 });
  await until(() => edge.desk.parked === 1, patience);
  await write(botId, "c");
  edge.wakeBot(botId);
  assert.deepEqual(await edge.answered(patient), ["3:c"]);
  assert.deepEqual(await edge.answered(edge.ask(botId)), ["3:c"]);
  assert.deepEqual(await edge.answered(edge.ask(botId, { offset: 9, waits: false })), []);
  await edge.desk.close();
});

test("lost word is made up for: what has no number is looked for", async () => {
  const botId = await makeBot();
  const edge = await openDesk();
  const waiting = edge.ask(botId);
  await until(() => edge.desk.parked === 1, patience);
  await write(botId, "unheard");
  assert.deepEqual(await edge.answered(waiting), ["1:unheard"]);
  await edge.desk.close();
});

test("a second question ends the first, and not another consumer's; said again, it ends nobody's", async () => {
  const botId = await makeBot();
  const edge = await openDesk();
  const named = edge.ask(botId, { consumer: "stats" });
  const first = edge.ask(botId);
  await until(() => edge.desk.parked === 2, patience);
  const second = edge.ask(botId);
  assert.equal(await edge.answered(first), "other");
  edge.ask(botId, { id: first, again: true, startedMs: first });
  await until(() => edge.told.get(first)?.length === 2, patience);
  edge.ask(botId, { id: second, again: true, startedMs: second });
  await write(botId, "x");
  edge.wakeBot(botId);
  assert.deepEqual(await edge.answered(second), ["1:x"]);
  assert.deepEqual(await edge.answered(named), ["1:x"]);
  assert.equal(edge.told.get(second)?.length, 1);
  await edge.desk.close();
});

test("a webhook ends the question that waits, and refuses those that come; consumers go on", async () => {
  const botId = await makeBot();
  const edge = await openDesk();
  const waiting = edge.ask(botId);
  const named = edge.ask(botId, { consumer: "stats" });
  await until(() => edge.desk.parked === 2, patience);
  const webhook = { url: "http://a.example/", maxConnections: 40, ip: null, secret: null };
  await inTransaction(store, (db) =>
    writeNativeWebhook(db, botId, webhook, { dropPending: false, nowMs: Date.now() }),
  );
  edge.changed(botId);
  assert.equal(await edge.answered(waiting), "webhookSet");
  assert.equal(await edge.answered(edge.ask(botId)), "webhook");
  assert.ok(edge.stirred.includes(botId));
  await write(botId, "x");
  edge.wakeBot(botId);
  assert.deepEqual(await edge.answered(named), ["1:x"]);
  await edge.desk.close();
});

test("[L2] another owner is told what is not confirmed; the old one numbers nothing more", async () => {
  const botId = await makeBot();
  const old = await openDesk();
  await write(botId, "a");
  old.wakeBot(botId);
  assert.deepEqual(await old.answered(old.ask(botId)), ["1:a"]);
  const next = await openDesk();
  await write(botId, "b");
  old.wakeBot(botId);
  next.wakeBot(botId);
  assert.deepEqual(await next.answered(next.ask(botId, { again: true, limit: 1 })), ["1:a"]);
  assert.deepEqual(await next.answered(next.ask(botId, { offset: 2 })), ["2:b"]);
  await Promise.all([old.desk.close(), next.desk.close()]);
});

test("an answer is bounded; what does not fit is next", async () => {
  const botId = await makeBot();
  const edge = await openDesk();
  await write(botId, ...Array.from({ length: 40 }, () => "ё".repeat(8_000)));
  edge.wakeBot(botId);
  const first = (await edge.answered(edge.ask(botId))) as string[];
  assert.ok(first.length > 5 && first.length < 40, String(first.length));
  const rest = (await edge.answered(edge.ask(botId, { offset: first.length + 1 }))) as string[];
  assert.match(rest[0] ?? "", new RegExp(`^${first.length + 1}:`));
  await edge.desk.close();
});
