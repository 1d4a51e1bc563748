/** What the journal and its check are for: each fault planted into a bot is found, and a bot without one is clean. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { until } from "@rookery/kit";
import { checkJournal, isClean, type JournalVerdict, type Person } from "../src/mod.ts";
import { openStage, type Stage } from "./stage.ts";

interface Update {
  readonly update_id: number;
  readonly message: { readonly text: string; readonly chat: { readonly id: number } };
}

/** How a bot answers what it has got; sends are numbered from 1. */
type Behaviour = (updates: readonly Update[], send: (update: Update) => Promise<void>) => Promise<void>;

const people = 5;
const messages = 20;

const faultless: Behaviour = async (updates, send) => {
  for (const update of updates) await send(update);
};

/** Each person says 20 things, the bot echoes them; what they saw is judged. */
async function run(
  t: TestContext,
  behave: Behaviour,
  prepare?: (stage: Stage) => void,
): Promise<JournalVerdict> {
  const stage = await openStage(t);
  const { simulator, bot, call, result } = stage;
  const all: Person[] = Array.from({ length: people }, (_, index) =>
    simulator.addUser({ firstName: `P${index}` }),
  );
  for (let index = 0; index < messages; index++) for (const each of all) each.says(bot, `m${index}`);
  prepare?.(stage);

  const updates = await result<Update[]>("getUpdates", { limit: 100 });
  assert.equal(updates.length, people * messages);
  await behave(updates, async ({ message }) => {
    const fields = { chat_id: message.chat.id, text: message.text };
    // It does not know whether it was sent, so it sends again.
    while (
      !(await call("sendMessage", fields).then(
        ({ body }) => body.ok,
        () => false,
      ))
    );
  });
  // The end of a connection may come after its answer.
  await until(() => simulator.journal.calls.every(({ status }) => status !== null), { withinMs: 30_000 });
  const expected = updates.map(({ message }) => ({ chat: String(message.chat.id), text: message.text }));
  const seen = simulator.journal.seen.map(({ chatId, body, outcome }) => ({
    chat: String(chatId),
    text: String(body["text"]),
    isOutcomeUnknown: outcome === "unknown",
  }));
  return checkJournal(expected, seen);
}

describe("a bot", () => {
  it("without a fault is clean, also among cuts and errors, where it repeats only what it could not know", async (t) => {
    const verdict = await run(t, faultless, ({ simulator }) => {
      simulator.faults.add({ kind: "cut_before", method: "sendMessage", probability: 0.1 });
      simulator.faults.add({ kind: "cut_after", method: "sendMessage", probability: 0.1 });
      simulator.faults.add({ kind: "status", code: 502, method: "sendMessage", probability: 0.1 });
    });
    assert.ok(isClean(verdict), JSON.stringify(verdict));
    assert.ok(verdict.repeated.length > 0);
  });

  it("that answers one less is found", async (t) => {
    const verdict = await run(t, (updates, send) => faultless(updates.toSpliced(37, 1), send));
    assert.deepEqual([verdict.lost.length, verdict.doubled, verdict.reordered], [1, [], []]);
  });

  it("that answers a repeated update again is found", async (t) => {
    const verdict = await run(t, (updates, send) => faultless([...updates, ...updates.slice(50, 51)], send));
    assert.deepEqual([verdict.lost, verdict.doubled.length, verdict.reordered], [[], 1, []]);
  });

  it("that lets one answer overtake another of its chat is found, and one of another chat is not", async (t) => {
    const swap = (updates: readonly Update[], at: number, by: number) =>
      updates.with(at, updates[at + by] as Update).with(at + by, updates[at] as Update);
    const within = await run(t, (updates, send) => faultless(swap(updates, 10, people), send));
    assert.deepEqual([within.lost, within.doubled, within.reordered.length], [[], [], 1]);
    const across = await run(t, (updates, send) => faultless(swap(updates, 10, 1), send));
    assert.ok(isClean(across), JSON.stringify(across));
  });
});
