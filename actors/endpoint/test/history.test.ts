import assert from "node:assert/strict";
import { test } from "node:test";
import { openRandom, seeds as known } from "@rookery/kit";
import type { Answer } from "../src/mod.ts";
import { type Arrival, type Row, run } from "./world.ts";

const startMs = 1_800_000_000_000;
const seeds = [...known, ...Array.from({ length: 50 }, (_, at) => at + 100)];
const failed: Answer = { kind: "answered", status: 500 };
const stepsS = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

const rowsOf = (count: number, chats: number): Row[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `msg_${at}`,
    chatId: 1 + (at % chats),
    place: 1 + Math.floor(at / chats),
    attempts: 0,
    nextMs: startMs,
    state: "pending" as const,
  }));

const byDelivery = (arrivals: readonly Arrival[]): Arrival[][] => [
  ...Map.groupBy(arrivals, ({ id }) => id).values(),
];

test("the schedule of 75 hours: no attempt missed, early or doubled, whoever ends meanwhile", () => {
  let couriers = 0;
  for (const seed of seeds) {
    const source = openRandom(seed);
    const random = (): number => source.next();
    // Few enough for the breaker to stay closed: it makes attempts late.
    const rows = rowsOf(3, 3);
    const arrivals = run(rows, startMs, random, {
      policy: { fifo: seed % 2 === 0, rateLimit: null, concurrency: 10, retry: { schedule: "standard" } },
      answer: () => failed,
      latencyMs: () => Math.floor(random() * 15_000),
      writeMs: () => Math.floor(random() * 50),
      // Whatever has left is written before: what happens otherwise is the next test's.
      ends: (underWay) => underWay === 0 && random() < 0.3 && (couriers += 1) > 0,
    });
    for (const attempts of byDelivery(arrivals)) {
      assert.equal(attempts.length, 10, `seed ${seed}`);
      for (const [at, { atMs }] of attempts.entries()) {
        const beforeMs = attempts[at - 1]?.answeredMs ?? startMs;
        const stepMs = (stepsS[at] ?? 0) * 1_000;
        assert.ok(atMs >= beforeMs + stepMs, `seed ${seed}: attempt ${at + 1} is early`);
        assert.ok(atMs <= beforeMs + stepMs * 1.05 + 100, `seed ${seed}: attempt ${at + 1} is late`);
      }
      const hours = ((attempts.at(-1)?.atMs ?? 0) - startMs) / 3_600_000;
      assert.ok(hours >= 75.5 && hours < 80);
    }
    assert.ok(rows.every(({ state, attempts }) => state === "dead" && attempts === 10));
  }
  assert.ok(couriers > 100, "couriers did end");
});

test("a courier that ends with attempts under way: those are made again, at their time or at once, and no other", () => {
  for (const seed of seeds) {
    const source = openRandom(seed);
    const random = (): number => source.next();
    const rows = rowsOf(3, 3);
    let lost = 0;
    const arrivals = run(rows, startMs, random, {
      policy: { fifo: false, rateLimit: null, concurrency: 10, retry: { schedule: "standard" } },
      answer: () => failed,
      latencyMs: () => Math.floor(random() * 15_000),
      writeMs: () => Math.floor(random() * 50),
      ends: (underWay) => {
        const isEnd = random() < 0.2;
        if (isEnd) lost += underWay;
        return isEnd;
      },
    });
    assert.ok(arrivals.length >= 30 && arrivals.length <= 30 + lost, `seed ${seed}`);
    assert.ok(rows.every(({ state, attempts }) => state === "dead" && attempts === 10));
  }
});

test("FIFO: no chat's receiver ever sees an earlier one after a later one, and everything arrives or is dead", () => {
  for (const seed of seeds) {
    const source = openRandom(seed);
    const random = (): number => source.next();
    const rows = rowsOf(60, 4);
    const answers: readonly Answer[] = [
      { kind: "answered", status: 200 },
      { kind: "answered", status: 200 },
      failed,
      { kind: "silence" },
      { kind: "answered", status: 429, retryAfter: "3" },
    ];
    const arrivals = run(rows, startMs, random, {
      policy: { fifo: true, rateLimit: seed % 3 === 0 ? 20 : null, concurrency: 1 + (seed % 5), retry: null },
      answer: () => answers[Math.floor(random() * answers.length)] ?? failed,
      latencyMs: () => Math.floor(random() * 400),
      writeMs: () => Math.floor(random() * 30),
      ends: () => random() < 0.03,
    });
    for (const chat of Map.groupBy(arrivals, ({ chatId }) => chatId).values()) {
      for (const [at, { place }] of chat.entries()) {
        assert.ok(place >= (chat[at - 1]?.place ?? 0), `seed ${seed}: ${place} after a later one`);
      }
    }
    assert.equal(new Set(arrivals.map(({ id }) => id)).size, 60);
    assert.ok(rows.every(({ state }) => state !== "pending"));
  }
});

test("without FIFO everything arrives too, never more in flight than allowed", () => {
  for (const seed of seeds) {
    const source = openRandom(seed);
    const random = (): number => source.next();
    const rows = rowsOf(80, 4);
    const concurrency = 1 + (seed % 6);
    const arrivals = run(rows, startMs, random, {
      policy: { fifo: false, rateLimit: null, concurrency, retry: { schedule: "default", attempts: 50 } },
      answer: () => (random() < 0.4 ? failed : { kind: "answered", status: 202 }),
      latencyMs: () => 1 + Math.floor(random() * 400),
      writeMs: () => Math.floor(random() * 30),
      ends: () => false,
    });
    assert.ok(rows.every(({ state }) => state === "delivered"));
    for (const { atMs } of arrivals) {
      const open = arrivals.filter((other) => other.atMs <= atMs && other.answeredMs > atMs).length;
      assert.ok(open <= concurrency, `seed ${seed}: ${open} in flight`);
    }
  }
});
