/** What an edge waits for: told once, asked again until then, ended in time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@rookery/kit";
import {
  type BotAsk,
  type BotTold,
  encodeInternal,
  parseInternal,
  shardOf,
  subjects,
} from "@rookery/protocol";
import { type Heard, openBotWaits, type PollAnswer } from "../../src/bot-api/bot-waits.ts";

const patience = { withinMs: 20_000 };
const shards = 4;

function openEdge() {
  const listeners = new Map<string, (bytes: Uint8Array) => void>();
  const asked: { readonly subject: string; readonly ask: BotAsk }[] = [];
  const waits = openBotWaits({
    edge: "e1",
    shards,
    bus: {
      subscribe(subject, hear) {
        listeners.set(subject, (bytes) => hear({ subject, bytes, respond: () => {} }));
        return { close: () => listeners.delete(subject) };
      },
      publish(subject, bytes) {
        if (subject.startsWith("bot.ask.")) asked.push({ subject, ask: parseInternal<BotAsk>(bytes) });
        else listeners.get(subject)?.(bytes);
      },
    },
  });
  return {
    waits,
    asked,
    tell: (told: BotTold) => listeners.get(subjects.botTold("e1"))?.(encodeInternal(told)),
    newOwner: () => listeners.get(subjects.botOwner)?.(encodeInternal({})),
    ask(botId: number, timeoutMs: number) {
      const answers: PollAnswer[] = [];
      const end = waits.ask({ botId, consumer: "", offset: 0, limit: 100, timeoutMs }, (answer) => {
        answers.push(answer);
      });
      return { answers, end };
    },
  };
}

test("a question goes to the owner of its bot's shard, and again to a new one, until it is answered once", async () => {
  const edge = openEdge();
  const { answers } = edge.ask(7, 50_000);
  await until(() => edge.asked.length === 1, patience);
  const [first] = edge.asked;
  assert.equal(first?.subject, subjects.botAsk(shardOf("bot", 7, shards)));
  const poll = first.ask.polls[0];
  assert.deepEqual([first.ask.edge, poll?.botId, poll?.waits, poll?.again], ["e1", 7, true, false]);
  edge.newOwner();
  await until(() => edge.asked.length === 2, patience);
  assert.deepEqual([edge.asked[1]?.ask.polls[0]?.id, edge.asked[1]?.ask.polls[0]?.again], [poll?.id, true]);
  await until(() => edge.asked.length >= 3, patience);
  const told = { polled: [{ id: poll?.id ?? 0, updates: "[1]" }] };
  edge.tell(told);
  edge.tell(told);
  assert.deepEqual(answers, [{ kind: "updates", updates: "[1]" }]);
  assert.equal(edge.waits.waiting, 0);
  edge.waits.close();
});

test("nothing by the end of its time is an empty answer; whoever goes is told nothing", async () => {
  const edge = openEdge();
  const patient = edge.ask(7, 60);
  const gone = edge.ask(8, 60);
  gone.end();
  await until(() => patient.answers.length === 1, patience);
  assert.deepEqual(patient.answers, [{ kind: "updates", updates: "[]" }]);
  edge.waits.close();
  assert.deepEqual(gone.answers, []);
});

test("an answer to a button reaches whoever waits, or nobody does in time", async () => {
  const edge = openEdge();
  const heard: unknown[] = [];
  edge.waits.press(5, 60_000, (reply) => heard.push(reply));
  edge.waits.press(6, 60, (reply) => heard.push(reply));
  edge.waits.tell("e1", { queryId: 5, text: "hi" });
  edge.waits.tell("e1", { queryId: 5, text: "again" });
  await until(() => heard.length === 2, patience);
  assert.deepEqual(heard, [{ queryId: 5, text: "hi" }, null]);
  edge.waits.close();
});

test("[L3] of a press that is repeated all who wait are told, but for who has gone", async () => {
  const edge = openEdge();
  const heard: string[] = [];
  const hearer =
    (name: string): Heard =>
    (reply) =>
      void heard.push(`${name} ${reply?.text ?? "nothing"}`);
  const [first, gone, second] = [hearer("first"), hearer("gone"), hearer("second")];
  for (const each of [first, gone, second]) edge.waits.press(5, 60_000, each);
  edge.waits.unpress(5, gone);
  edge.waits.tell("e1", { queryId: 5, text: "hi" });
  await until(() => heard.length === 2, patience);
  assert.deepEqual(heard, ["first hi", "second hi"]);
  edge.waits.tell("e1", { queryId: 5, text: "again" });
  assert.equal(heard.length, 2);
  edge.waits.close();
});
