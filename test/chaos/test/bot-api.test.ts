import assert from "node:assert/strict";
import { test } from "node:test";
import { type BotAccount, judgeBot, type TakenUpdate } from "../src/bot-api/check.ts";
import { runBotApi } from "../src/bot-api/run.ts";

test("two bots of the cluster's own are told everything once and in order while processes are killed", async (t) => {
  const { verdicts, figures, isClean } = await runBotApi({
    seed: 11,
    people: 8,
    updates: 160,
    kills: 4,
    rate: 20,
    rig: { edges: 2, workers: 2, couriers: 2, shards: 8 },
    keep: false,
    tell: (line) => t.diagnostic(line),
  });
  t.diagnostic(JSON.stringify({ ...verdicts, ...figures }));
  assert.ok(isClean, JSON.stringify(verdicts));
  assert.equal((figures["polling: updates"] ?? 0) + (figures["webhook: updates"] ?? 0), 160);
});

const update = (updateId: number, chat: number, text: string): TakenUpdate => ({
  updateId,
  chat,
  text,
  atMs: updateId,
});
const taken = [update(1, 7, "a"), update(2, 8, "x"), update(3, 7, "b")];
const words = (...bodies: string[]) => bodies.map((body) => ({ body, isBots: body.startsWith("re ") }));
const clean: BotAccount = {
  mode: "webhook",
  said: new Map([
    [7, ["a", "b"]],
    [8, ["x"]],
  ]),
  taken,
  afterConfirmed: 0,
  stored: new Map([
    [7, words("a", "re a", "b", "re b")],
    [8, words("x", "re x")],
  ]),
};

function guilt(change: Partial<BotAccount>): object {
  const verdict = judgeBot({ ...clean, ...change });
  return Object.fromEntries(Object.entries(verdict).filter(([, count]) => count > 0));
}

test("the checker finds nothing where nothing is wrong, and each wrong by its name", () => {
  const [a, x, b] = taken as [TakenUpdate, TakenUpdate, TakenUpdate];
  assert.deepEqual(guilt({}), {});
  assert.deepEqual(guilt({ taken: [a, a, x, b, b] }), {});
  assert.deepEqual(guilt({ taken: [a, b, x, b] }), {});
  assert.deepEqual(guilt({ taken: [a, x] }), { lost: 1 });
  assert.deepEqual(guilt({ taken: [a, b] }), { lost: 1, gaps: 1 });
  assert.deepEqual(guilt({ taken: [...taken, update(4, 8, "who?")] }), { foreign: 1 });
  assert.deepEqual(guilt({ taken: [a, x, { ...b, updateId: 4 }] }), { gaps: 1 });
  assert.deepEqual(guilt({ taken: [...taken, { ...b, updateId: 4 }] }), { renumbered: 1 });
  assert.deepEqual(guilt({ taken: [...taken, { ...b, chat: 8, text: "x" }] }), { renumbered: 1 });
  assert.deepEqual(guilt({ taken: [b, x, a] }), { reordered: 1, turnedBack: 1 });
  assert.deepEqual(guilt({ taken: [...taken, a] }), { turnedBack: 1 });
  assert.deepEqual(guilt({ mode: "polling", taken: [...taken, a] }), {});
  assert.deepEqual(guilt({ afterConfirmed: 1 }), { afterConfirmed: 1 });
  const of7 = (...bodies: string[]) => ({ stored: new Map([...clean.stored, [7, words(...bodies)]]) });
  assert.deepEqual(guilt(of7("a", "re a", "b", "b", "re b")), { misstored: 1 });
  assert.deepEqual(guilt(of7("a", "b", "re a")), { unanswered: 1 });
  assert.deepEqual(guilt(of7("a", "re a", "re a", "b", "re b")), { answeredTwice: 1 });
  assert.deepEqual(guilt(of7("a", "b", "re b", "re a")), { answersReordered: 2 });
});
