/** What Telegram is told beside the outbox. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { TelegramError } from "@rookery/telegram";
import { openTeller } from "../../src/telegram/teller.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
const withinMs = 10_000;
const bot = { id: 7, token: "7:token" };
const call = { method: "answerCallbackQuery", params: {} };

/** Answers as told, in turn; then it takes all. */
function open(...answers: TelegramError[]) {
  const asked: string[] = [];
  let nowMs = 0;
  const teller = openTeller({
    client: {
      ask: async (_token, { method }) => {
        asked.push(method);
        const answer = answers.shift();
        if (answer !== undefined) throw answer;
      },
    },
    now: () => nowMs,
    log,
  });
  return { teller, asked, pass: (ms: number) => void (nowMs += ms) };
}

const patience = new TelegramError("outage", "429", { code: 429, retryMs: 10 });
const cut = new TelegramError("outage", "no answer", { isUnknown: true });
const old = new TelegramError("refused", "400 Bad Request: query is too old", { code: 400 });

test("the answer to a press is repeated when Telegram asks for patience, or gives no answer", async () => {
  const { teller, asked } = open(patience, cut);
  teller.insist(bot, call);
  await until(() => asked.length === 3, { withinMs });
  await teller.close();
  assert.equal(asked.length, 3);
});

test("but not when it is refused, nor when it would come too late, nor when we stop", async () => {
  const refused = open(old);
  refused.teller.insist(bot, call);
  await refused.teller.close();
  const late = open(new TelegramError("outage", "429", { code: 429, retryMs: 15_000 }));
  late.teller.insist(bot, call);
  await late.teller.close();
  const stopped = open(new TelegramError("outage", "429", { code: 429, retryMs: 14_000 }));
  stopped.teller.insist(bot, call);
  await stopped.teller.close();
  assert.deepEqual([refused.asked.length, late.asked.length, stopped.asked.length], [1, 1, 1]);
});

test("that a bot is typing is told once", async () => {
  const { teller, asked } = open(patience);
  teller.tell(bot, { method: "sendChatAction", params: {} });
  await teller.close();
  assert.deepEqual(asked, ["sendChatAction"]);
});
