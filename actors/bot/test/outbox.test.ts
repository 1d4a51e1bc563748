import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Outbox, type OutboxSend } from "../src/mod.ts";

const startMs = 1_700_000_000_000;

function send(telegramChatId: number, place: number, more: Partial<OutboxSend> = {}): OutboxSend {
  return {
    id: `${telegramChatId}/${place}`,
    chatId: telegramChatId,
    telegramChatId,
    place,
    prevPlace: place - 1,
    bulk: false,
    ...more,
  };
}

const outboxOf = (...sends: OutboxSend[]): Outbox => {
  const outbox = new Outbox();
  for (const each of sends) outbox.add(each);
  return outbox;
};

/** Sends and settles whatever may go, until nothing is left; when each went. */
function run(outbox: Outbox, fromMs = startMs): { readonly send: OutboxSend; readonly atMs: number }[] {
  const gone: { send: OutboxSend; atMs: number }[] = [];
  for (let nowMs = fromMs; outbox.size > 0; ) {
    for (const each of outbox.take(nowMs, 1_000)) {
      gone.push({ send: each, atMs: nowMs });
      outbox.settle(each, { kind: "done" }, nowMs);
    }
    const nextMs = outbox.nextMs(nowMs);
    assert.ok(nextMs !== null || outbox.size === 0, "what is open has a time");
    nowMs = Math.max(nowMs + 1, nextMs ?? nowMs);
    assert.ok(nowMs < fromMs + 3_600_000, "it ends");
  }
  return gone;
}

/** The most in any window of that length. */
function densest(times: readonly number[], windowMs: number): number {
  return Math.max(
    ...times.map((from) => times.filter((atMs) => atMs >= from && atMs < from + windowMs).length),
  );
}

/** The most that went in any second. */
function busiest(gone: readonly { readonly atMs: number }[]): number {
  return Math.max(
    ...gone.map(({ atMs }) => gone.filter((each) => each.atMs > atMs - 1_000 && each.atMs <= atMs).length),
  );
}

describe("bulk that is held up", () => {
  const bulk = Array.from({ length: 200 }, (_, index) => send(index + 1, 1, { prevPlace: 0, bulk: true }));

  test("goes evenly, never a second's worth at once", () => {
    const gone = run(outboxOf(...bulk));
    const most = Math.max(
      ...gone.map(({ atMs }) => gone.filter((each) => each.atMs > atMs - 250 && each.atMs <= atMs).length),
    );
    assert.equal(most, 6);
    assert.equal(busiest(gone), 24);
  });

  test("is under way at most so much, while conversations go on", () => {
    const outbox = outboxOf(...bulk);
    let taken = 0;
    for (let ms = 0; ms < 5_000; ms += 50) taken += outbox.take(startMs + ms, 1_000).length;
    assert.equal(taken, 24);
    assert.equal(outbox.nextMs(startMs + 5_000), null, "an answer wakes it");
    outbox.add(send(1_000, 1, { prevPlace: 0 }));
    assert.equal(outbox.take(startMs + 5_000, 1_000).length, 1);
    outbox.settle(send(1, 1, { bulk: true }), { kind: "done" }, startMs + 5_000);
    assert.equal(outbox.take(startMs + 5_050, 1_000).length, 1);
  });

  test("however late it arrives, no second has more than a bot may", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const outbox = outboxOf(
        ...Array.from({ length: 150 }, (_, index) =>
          send(index + 1, 1, { prevPlace: 0, bulk: index % 3 > 0 }),
        ),
      );
      const arrived: { readonly atMs: number }[] = [];
      const underWay: { readonly send: OutboxSend; readonly atMs: number }[] = [];
      let random = seed;
      for (let nowMs = startMs; outbox.size > 0; nowMs += 10) {
        for (const each of underWay.filter(({ atMs }) => atMs <= nowMs)) {
          underWay.splice(underWay.indexOf(each), 1);
          outbox.settle(each.send, { kind: "done" }, nowMs);
        }
        for (const each of outbox.take(nowMs, 1_000)) {
          random = (random * 48_271) % 2_147_483_647;
          const atMs = nowMs + (random % 3_000);
          arrived.push({ atMs });
          underWay.push({ send: each, atMs });
        }
        assert.ok(nowMs < startMs + 600_000, "it ends");
      }
      assert.ok(busiest(arrived) <= 28, `seed ${seed}: ${busiest(arrived)}`);
    }
  });

  test("what left late is counted when it left, for its chat", () => {
    const outbox = outboxOf(...[1, 2, 3, 4].map((seq) => send(7, seq)));
    for (let seq = 1; seq <= 3; seq++) {
      const taken = outbox.take(startMs, 1_000);
      outbox.departed(taken, startMs + 900);
      for (const each of taken) outbox.settle(each, { kind: "done" }, startMs + 900);
    }
    assert.equal(outbox.nextMs(startMs + 1_000), startMs + 3_900);
  });
});

describe("a factor of tests", () => {
  test("multiplies what goes in a second, and nothing else does", () => {
    const sends = Array.from({ length: 700 }, (_, index) => send(index + 1, 1, { prevPlace: 0, bulk: true }));
    const paceOf = (factor?: number): number => {
      const outbox = new Outbox(factor);
      for (const each of sends) outbox.add(each);
      return busiest(run(outbox));
    };
    assert.equal(paceOf(), 24);
    assert.equal(paceOf(20), 24 * 20);
  });
});

describe("order", () => {
  test("a chat has one in flight, by its place in the chat, whatever order they came in", () => {
    const outbox = outboxOf(send(5, 3), send(5, 1), send(5, 2));
    const [first] = outbox.take(startMs, 10);
    assert.equal(first?.place, 1);
    assert.deepEqual(outbox.take(startMs, 10), []);
    outbox.settle(send(5, 1), { kind: "done" }, startMs);
    assert.deepEqual(
      run(outbox).map((each) => each.send.place),
      [2, 3],
    );
  });

  test("what is to be tried again keeps its place, and waits so long", () => {
    const outbox = outboxOf(send(5, 1), send(5, 2), send(6, 1));
    outbox.take(startMs, 10);
    outbox.settle(send(5, 1), { kind: "again", afterMs: 400 }, startMs);
    outbox.settle(send(6, 1), { kind: "done" }, startMs);
    assert.equal(outbox.nextMs(startMs), startMs + 400);
    const gone = run(outbox);
    assert.deepEqual(
      gone.map(({ send: { place }, atMs }) => [place, atMs - startMs]),
      [
        [1, 400],
        [2, 401],
      ],
    );
  });

  test("what is there already changes nothing, and what was settled by another is not settled twice", () => {
    const outbox = outboxOf(send(5, 1), send(5, 1), send(5, 2));
    assert.equal(outbox.size, 2);
    outbox.take(startMs, 10);
    outbox.settle(send(5, 1), { kind: "done" }, startMs);
    outbox.settle(send(5, 1), { kind: "done" }, startMs);
    assert.equal(outbox.size, 1);
  });

  test("a send follows when the one before it is known, also where that is long done", () => {
    const outbox = outboxOf(send(5, 4, { prevPlace: 2 }));
    assert.equal(outbox.follows(send(5, 7, { prevPlace: 4 })), true);
    assert.equal(outbox.follows(send(5, 9, { prevPlace: 7 })), false);
    assert.equal(outbox.follows(send(6, 2, { prevPlace: 0 })), false);
    run(outbox);
    assert.equal(outbox.follows(send(5, 7, { prevPlace: 4 })), true);
  });
});

describe("pace", () => {
  test("a bot never sends more than 28 in any second, and a chat 3 in any 3", () => {
    const sends = Array.from({ length: 300 }, (_, at) => send(1 + (at % 60), 1 + Math.floor(at / 60)));
    const gone = run(outboxOf(...sends));
    const times = gone.map(({ atMs }) => atMs);
    assert.equal(gone.length, 300);
    assert.equal(densest(times, 1_000), 28);
    for (let chat = 1; chat <= 60; chat += 1) {
      const ofChat = gone.filter((each) => each.send.telegramChatId === chat);
      assert.ok(
        densest(
          ofChat.map(({ atMs }) => atMs),
          3_000,
        ) <= 3,
      );
      assert.deepEqual(
        ofChat.map((each) => each.send.place),
        [1, 2, 3, 4, 5],
      );
    }
    // It is also near what is allowed: 300 at 28 a second are 10 s and a bit.
    assert.ok((times.at(-1) ?? 0) - startMs < 12_000);
  });

  test("a group takes 19 in any minute", () => {
    const gone = run(outboxOf(...Array.from({ length: 45 }, (_, at) => send(-100, at + 1))));
    assert.equal(
      densest(
        gone.map(({ atMs }) => atMs),
        60_000,
      ),
      19,
    );
  });

  test("a chat told to wait waits, and the others go on", () => {
    const outbox = outboxOf(send(5, 1), send(6, 1), send(6, 2));
    outbox.take(startMs, 10);
    outbox.settle(send(5, 1), { kind: "patience", retryMs: 30_000 }, startMs);
    outbox.settle(send(6, 1), { kind: "done" }, startMs);
    assert.deepEqual(
      run(outbox).map((each) => [each.send.id, Math.floor((each.atMs - startMs) / 1_000)]),
      [
        ["6/2", 0],
        ["5/1", 30],
      ],
    );
  });

  test("a bot of which many chats complain waits as a whole, goes on slower, and recovers", () => {
    const outbox = outboxOf(...Array.from({ length: 2_000 }, (_, at) => send(at + 1, 1)));
    const taken = outbox.take(startMs, 10);
    for (const each of taken.slice(0, 3)) outbox.settle(each, { kind: "patience", retryMs: 7_000 }, startMs);
    for (const each of taken.slice(3)) outbox.settle(each, { kind: "done" }, startMs);
    assert.deepEqual(outbox.take(startMs + 6_999, 10), []);
    const times = run(outbox, startMs + 7_000).map(({ atMs }) => atMs);
    assert.equal(times.filter((atMs) => atMs < startMs + 8_000).length, 21);
    // A step faster every ten seconds without a complaint.
    assert.equal(
      densest(
        times.filter((atMs) => atMs < startMs + 19_000),
        1_000,
      ),
      22,
    );
  });
});

test("[L7] what waits costs nothing while it waits: 50,000 chats, and 2,000 looks at them", () => {
  const outbox = outboxOf(
    ...Array.from({ length: 50_000 }, (_, at) => send(at + 1, 1, { bulk: at % 2 === 0 })),
  );
  const beganMs = performance.now();
  for (let ms = 0; ms < 20_000; ms += 10) {
    for (const each of outbox.take(startMs + ms, 256)) outbox.settle(each, { kind: "done" }, startMs + ms);
    outbox.nextMs(startMs + ms);
  }
  const tookMs = performance.now() - beganMs;
  process.stdout.write(`2,000 looks at 50,000 chats: ${tookMs.toFixed(0)} ms\n`);
  // All of them looked at each time were 40 s.
  assert.ok(tookMs < 8_000, `${tookMs} ms`);
});

describe("bulk", () => {
  const broadcast = Array.from({ length: 1_000 }, (_, at) => send(at + 1, 1, { bulk: true }));

  test("leaves room in every second for conversations, which go first", () => {
    const outbox = outboxOf(...broadcast);
    let taken = 0;
    for (let ms = 0; ms < 1_000; ms += 50) taken += outbox.take(startMs + ms, 1_000).length;
    assert.equal(taken, 24);
    for (let at = 0; at < 4; at += 1) outbox.add(send(5_000 + at, 1));
    assert.deepEqual(
      outbox.take(startMs + 999, 1_000).map(({ bulk }) => bulk),
      [false, false, false, false],
    );
  });

  test("a chat with a reply in it is a conversation: its bulk goes first and at once, in order", () => {
    const outbox = outboxOf(...broadcast, send(900, 2));
    const first = outbox.take(startMs, 1_000);
    assert.equal(first[0]?.id, "900/1");
    outbox.settle(send(900, 1), { kind: "done" }, startMs);
    assert.equal(outbox.take(startMs + 5, 1)[0]?.id, "900/2");
  });
});
