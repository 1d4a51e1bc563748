import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Answer, Endpoint, type EndpointDelivery, type EndpointPolicy } from "../src/mod.ts";

const startMs = 1_800_000_000_000;
const day = 24 * 3_600_000;
const ok: Answer = { kind: "answered", status: 200 };
const status = (status: number, retryAfter?: string): Answer => ({ kind: "answered", status, retryAfter });

const delivery = (id: number, more: Partial<EndpointDelivery> = {}): EndpointDelivery => ({
  id: `msg_${id}`,
  chatId: 5,
  place: id,
  attempts: 0,
  nextMs: startMs,
  ...more,
});

function endpointOf(policy: Partial<EndpointPolicy>, ...deliveries: EndpointDelivery[]): Endpoint {
  const all = { fifo: false, rateLimit: null, concurrency: 10, retry: null, ...policy };
  const endpoint = new Endpoint(all, { failingSinceMs: null, disableMs: 5 * day });
  for (const each of deliveries) endpoint.add(each, startMs);
  return endpoint;
}

const idsOf = (deliveries: readonly EndpointDelivery[]): string[] => deliveries.map(({ id }) => id);

/** Answers all that may go, and says what it came to. */
function answer(endpoint: Endpoint, answered: Answer, nowMs: number, max = 1_000) {
  return endpoint.take(nowMs, max).map((each) => {
    const judged = endpoint.judge(each, answered, nowMs, 0.5);
    endpoint.settle(each, judged);
    return judged;
  });
}

describe("what may go", () => {
  test("the longest due first, as many as may be in flight; an answer makes room", () => {
    const endpoint = endpointOf(
      { concurrency: 2 },
      delivery(1, { nextMs: startMs + 10 }),
      delivery(2),
      delivery(3),
      delivery(4, { nextMs: startMs + 60_000 }),
    );
    const [first, second] = endpoint.take(startMs + 10, 100);
    assert.deepEqual([first?.id, second?.id], ["msg_2", "msg_3"]);
    assert.deepEqual(endpoint.take(startMs + 10, 100), []);
    assert.equal(endpoint.nextMs(startMs + 10), null);
    endpoint.judge(delivery(2), ok, startMs + 20, 0);
    assert.deepEqual(idsOf(endpoint.take(startMs + 20, 100)), ["msg_1"]);
    endpoint.judge(delivery(3), ok, startMs + 30, 0);
    assert.equal(endpoint.nextMs(startMs + 30), startMs + 60_000);
  });

  test("what is there already, or under way, is not added again; what was put back is no attempt", () => {
    const endpoint = endpointOf({}, delivery(1), delivery(1));
    assert.equal(endpoint.size, 1);
    const [taken] = endpoint.take(startMs, 10);
    assert.ok(taken);
    endpoint.add(delivery(1), startMs);
    assert.deepEqual(endpoint.take(startMs, 10), []);
    endpoint.putBack(taken, startMs + 500);
    assert.deepEqual(endpoint.take(startMs + 499, 10), []);
    assert.equal(endpoint.take(startMs + 500, 10).length, 1);
    assert.equal(endpoint.judge(taken, ok, startMs + 600, 0).attempts, 1);
  });

  test("a rate is exact: never more than that in any second, and no less when there is enough", () => {
    const endpoint = endpointOf({ rateLimit: 7, concurrency: 50 });
    for (let id = 1; id <= 100; id += 1) endpoint.add(delivery(id), startMs);
    const times: number[] = [];
    for (let nowMs = startMs; endpoint.size > 0; nowMs = Math.max(nowMs + 1, endpoint.nextMs(nowMs) ?? 0)) {
      for (const _ of answer(endpoint, ok, nowMs)) times.push(nowMs);
    }
    for (const from of times) assert.ok(times.filter((at) => at >= from && at < from + 1_000).length <= 7);
    assert.equal((times.at(-1) ?? 0) - startMs, 14_000);
  });

  test("a row far ahead of every schedule is not believed", () => {
    const endpoint = endpointOf({}, delivery(1, { nextMs: startMs + 400 * day }));
    assert.ok((endpoint.nextMs(startMs) ?? 0) <= startMs + 4 * day);
  });
});

describe("FIFO", () => {
  test("of a chat one at a time, by place, whatever order they came in; other chats go on", () => {
    const other = delivery(9, { chatId: 6 });
    const endpoint = endpointOf({ fifo: true }, delivery(3), delivery(2), delivery(1), other);
    const [first, ...rest] = endpoint.take(startMs, 10);
    assert.deepEqual([first?.id, ...idsOf(rest)], ["msg_1", "msg_9"]);
    const judged = endpoint.judge(delivery(1), ok, startMs, 0);
    // Answered is not written: whoever takes over now would send it again.
    assert.deepEqual(endpoint.take(startMs, 10), []);
    endpoint.settle(delivery(1), judged);
    assert.deepEqual(idsOf(endpoint.take(startMs, 10)), ["msg_2"]);
  });

  test("what is to be tried again keeps its place; a dead letter is passed over", () => {
    const endpoint = endpointOf({ fifo: true, retry: { schedule: [1_000] } }, delivery(1), delivery(2));
    assert.equal(answer(endpoint, status(500), startMs)[0]?.state, "pending");
    const againMs = endpoint.nextMs(startMs) ?? 0;
    assert.ok(againMs >= startMs + 1_000);
    assert.deepEqual(endpoint.take(againMs - 1, 10), []);
    assert.equal(answer(endpoint, status(500), againMs)[0]?.state, "dead");
    assert.deepEqual(idsOf(endpoint.take(againMs, 10)), ["msg_2"]);
  });

  test("an endpoint made FIFO while it works does not overtake what is under way, and back", () => {
    const policy = { fifo: false, rateLimit: null, concurrency: 2, retry: null };
    const endpoint = endpointOf(policy, delivery(4), delivery(3), delivery(2), delivery(1));
    const taken = endpoint.take(startMs, 10);
    assert.deepEqual(idsOf(taken), ["msg_4", "msg_3"]);
    endpoint.change({ ...policy, fifo: true });
    assert.deepEqual(endpoint.take(startMs, 10), []);
    for (const each of taken) endpoint.settle(each, endpoint.judge(each, ok, startMs, 0));
    assert.deepEqual(idsOf(endpoint.take(startMs, 10)), ["msg_1"]);
    endpoint.change(policy);
    assert.deepEqual(idsOf(endpoint.take(startMs, 10)), ["msg_2"]);
  });
});

describe("answers", () => {
  test("2xx is taken; all else fails, redirections too", () => {
    for (const [code, state] of [
      [200, "delivered"],
      [204, "delivered"],
      [299, "delivered"],
      [199, "pending"],
      [301, "pending"],
      [304, "pending"],
      [307, "pending"],
      [400, "pending"],
      [404, "pending"],
      [429, "pending"],
      [500, "pending"],
    ] as const) {
      assert.equal(answer(endpointOf({}, delivery(1)), status(code), startMs)[0]?.state, state, String(code));
    }
    assert.equal(answer(endpointOf({}, delivery(1)), { kind: "silence" }, startMs)[0]?.state, "pending");
  });

  test("410 ends the endpoint and that delivery, and nothing more goes", () => {
    const endpoint = endpointOf({ concurrency: 1 }, delivery(1), delivery(2));
    const [judged] = answer(endpoint, status(410), startMs, 1);
    assert.equal(judged?.state, "dead");
    assert.deepEqual(judged?.endpoint, { kind: "disabled", reason: "gone" });
    assert.deepEqual(endpoint.take(startMs + day, 10), []);
    assert.equal(endpoint.nextMs(startMs), null);
  });

  test("429, 502 and 504 halve what may be in flight, once a second; success gives it back", () => {
    for (const code of [429, 502, 504]) {
      const endpoint = endpointOf({ concurrency: 8 });
      // Among enough that is taken for the breaker to stay closed.
      for (let id = 1; id <= 200; id += 1) endpoint.add(delivery(id), startMs);
      const round = endpoint.take(startMs, 100);
      assert.equal(round.length, 8);
      for (const [at, each] of round.entries()) {
        endpoint.settle(each, endpoint.judge(each, at < 6 ? ok : status(code), startMs, 0));
      }
      assert.equal(endpoint.take(startMs, 100).length, 4, String(code));
    }
    const endpoint = endpointOf({ concurrency: 8 });
    for (let id = 1; id <= 200; id += 1) endpoint.add(delivery(id), startMs);
    endpoint.take(startMs, 1);
    endpoint.judge(delivery(1), status(429), startMs, 0);
    let most = 0;
    for (let round = 0; round < 20; round += 1) {
      const taken = endpoint.take(startMs, 100);
      most = Math.max(most, taken.length);
      for (const each of taken) endpoint.settle(each, endpoint.judge(each, ok, startMs, 0));
    }
    assert.equal(most, 8);
  });

  test("Retry-After is honoured up to twice the step", () => {
    const wait = (asked: string): number => {
      const [judged] = answer(endpointOf({}, delivery(1)), status(429, asked), startMs);
      return (judged?.nextMs ?? 0) - startMs;
    };
    assert.deepEqual(["0", "1", "2", "3600", "soon"].map(wait), [1_000, 1_000, 2_000, 2_000, 1_000]);
  });
});

describe("a breaker", () => {
  test("opens when most fail, lets one try after 30 s, and makes nothing fail by itself", () => {
    const endpoint = endpointOf({ concurrency: 100, retry: { schedule: [1, 1, 1] } });
    for (let id = 1; id <= 40; id += 1) endpoint.add(delivery(id), startMs);
    assert.equal(answer(endpoint, status(500), startMs, 10).length, 10);
    assert.deepEqual(endpoint.take(startMs, 100), []);
    assert.equal(endpoint.nextMs(startMs), startMs + 30_000);
    const [probe, ...more] = endpoint.take(startMs + 30_000, 100);
    assert.ok(probe);
    assert.deepEqual(more, []);
    endpoint.settle(probe, endpoint.judge(probe, ok, startMs + 30_001, 0));
    assert.equal(answer(endpoint, ok, startMs + 30_002).length, 39);
    assert.equal(endpoint.size, 0);
  });

  test("a probe that did not leave lets another try", () => {
    const endpoint = endpointOf({ concurrency: 100 });
    for (let id = 1; id <= 12; id += 1) endpoint.add(delivery(id), startMs);
    answer(endpoint, status(500), startMs, 10);
    const [probe] = endpoint.take(startMs + 30_000, 100);
    assert.ok(probe);
    assert.equal(endpoint.nextMs(startMs + 30_000), null);
    endpoint.putBack(probe, startMs + 30_000);
    assert.equal(endpoint.take(startMs + 30_000, 100).length, 1);
  });
});

describe("only failures", () => {
  const failures = { concurrency: 1, retry: { schedule: Array.from({ length: 20 }, () => 12 * 3_600_000) } };

  test("for five days disable it; one success begins anew", () => {
    for (const healsAt of [null, 4]) {
      const endpoint = endpointOf(failures, delivery(1), delivery(2, { nextMs: startMs + 2 * day }));
      const changes: unknown[] = [];
      for (let nowMs = startMs, at = 0; nowMs < startMs + 7 * day; at += 1) {
        for (const { endpoint: change } of answer(endpoint, at === healsAt ? ok : status(500), nowMs)) {
          if (change !== null) changes.push({ ...change, atDay: Math.floor((nowMs - startMs) / day) });
        }
        nowMs = endpoint.nextMs(nowMs) ?? Number.POSITIVE_INFINITY;
      }
      const failing = { kind: "failing", sinceMs: startMs, atDay: 0 };
      if (healsAt === null) {
        assert.deepEqual(changes, [failing, { kind: "disabled", reason: "failing", atDay: 5 }]);
      } else {
        assert.deepEqual(changes.slice(0, 2), [failing, { kind: "recovered", atDay: 2 }]);
        assert.equal(changes.length, 3);
      }
    }
  });

  test("counts from what the row says, so that a new owner does not begin anew", () => {
    const policy = { fifo: false, rateLimit: null, concurrency: 1, retry: null };
    const endpoint = new Endpoint(policy, { failingSinceMs: startMs - 5 * day, disableMs: 5 * day });
    endpoint.add(delivery(1), startMs);
    assert.deepEqual(answer(endpoint, status(500), startMs)[0]?.endpoint, {
      kind: "disabled",
      reason: "failing",
    });
  });

  test("a failure long after another one says nothing of the days between", () => {
    const endpoint = endpointOf({ retry: { schedule: [0] } }, delivery(1));
    answer(endpoint, status(500), startMs);
    endpoint.add(delivery(2), startMs + 9 * day);
    const [judged] = answer(endpoint, status(500), startMs + 9 * day);
    assert.deepEqual(judged?.endpoint, { kind: "failing", sinceMs: startMs + 9 * day });
  });
});
