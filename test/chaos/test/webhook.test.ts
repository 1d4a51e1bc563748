import assert from "node:assert/strict";
import { test } from "node:test";
import { type Arrival, type DeliveryState, judgeWebhooks } from "../src/webhook/check.ts";
import { runWebhooks } from "../src/webhook/run.ts";

const seed = 11;

test("every delivery arrives, by one id and in its order, while couriers are killed and the receiver has moods", async (t) => {
  const { verdict, figures, isClean } = await runWebhooks({
    seed,
    messages: 150,
    chats: 6,
    endpointsPerChat: 4,
    kills: 3,
    lanes: 4,
    rig: { edges: 1, workers: 1, couriers: 2, shards: 8 },
    keep: false,
    tell: (line) => t.diagnostic(line),
  });
  t.diagnostic(JSON.stringify({ ...verdict, ...figures }));
  assert.ok(isClean, JSON.stringify({ ...verdict, ...figures }));
  assert.equal(figures["deliveries in Postgres"], 600);
});

const hook = { id: 7, chatId: 5, fifo: true };
const arrived = (seq: number, more: Partial<Arrival> = {}): Arrival => ({
  endpointId: 7,
  id: `msg_7_5m${seq}`,
  seq,
  digest: `d${seq}`,
  isSigned: true,
  isTaken: true,
  ...more,
});
const row = (seq: number, state = "delivered"): DeliveryState => ({
  id: `msg_7_5m${seq}`,
  endpointId: 7,
  state,
});
/** 1 failed once, then 1, 2 and 3 were taken. */
const arrivals = [arrived(1, { isTaken: false }), arrived(1), arrived(2), arrived(3)];
const rows = [row(1), row(2), row(3)];

function guilt(seen: readonly Arrival[], stored = rows, fifo = true): Record<string, number> {
  const acked = new Map([[5, new Set([1, 2, 3])]]);
  const verdict = judgeWebhooks([{ ...hook, fifo }], acked, seen, stored);
  return Object.fromEntries(Object.entries(verdict).filter(([, count]) => count > 0));
}

test("the checker finds nothing where nothing is wrong, and each wrong by its name", () => {
  assert.deepEqual(guilt(arrivals), {});
  assert.deepEqual(guilt(arrivals.slice(0, 3)), { lost: 1, unproven: 1 });
  assert.deepEqual(guilt([...arrivals.slice(0, 3), arrived(3, { isTaken: false })]), {
    lost: 1,
    unproven: 1,
  });
  assert.deepEqual(guilt([...arrivals, arrived(4)]), { foreign: 1 });
  assert.deepEqual(guilt([arrived(1, { isTaken: false, id: "msg_7_x" }), ...arrivals.slice(1)]), {
    unstable: 1,
  });
  assert.deepEqual(guilt([arrived(1, { isTaken: false, digest: "x" }), ...arrivals.slice(1)]), {
    unstable: 1,
  });
  assert.deepEqual(guilt([...arrivals, arrived(3, { isSigned: false, isTaken: false })]), { unsigned: 1 });
  const turned = [arrived(2), arrived(1), arrived(3)];
  assert.deepEqual(guilt(turned), { disordered: 1 });
  const early = [arrived(1, { isTaken: false }), arrived(2), arrived(1), arrived(3)];
  assert.deepEqual(guilt(early), { disordered: 1 });
  assert.deepEqual(guilt([...arrivals, arrived(2)]), { repeated: 1, repeatedLate: 1 });
  assert.deepEqual(guilt(turned, rows, false), {});
  assert.deepEqual(guilt([...arrivals, arrived(3)]), { repeated: 1 });
  assert.deepEqual(guilt(arrivals, [row(1), row(2), row(3, "pending")]), { pending: 1 });
  assert.deepEqual(guilt(arrivals, [row(1), row(2), row(3, "dead")]), { dead: 1 });
});
