import assert from "node:assert/strict";
import { test } from "node:test";
import { openBus } from "@rookery/bus";
import { natsUrl, until } from "@rookery/kit";
import { encodeInternal, type InterestUpdate, parseInternal, subjects } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { openReleases } from "../../src/releases.ts";
import { openInterest } from "../../src/room/interest.ts";

const withinMs = 15_000;
const edge = "edge-of-interest";

test("[L2] [L5] who watches is told how things stand by the owner; one deposed before confirms nothing, and is asked no more", async (t) => {
  const bus = await openBus({
    url: await natsUrl(),
    name: "interest test",
    log: openLog("test", { LOG_LEVEL: "silent" }),
  });
  t.after(() => bus.close());
  let owner = { epoch: 1, seq: 43 };
  let stale = 0;
  const asked: InterestUpdate[] = [];
  bus.subscribe(subjects.interest(0), (message) => {
    const update = parseInternal<InterestUpdate>(message.bytes);
    asked.push(update);
    const heads = update.add.map((key) => [key, owner.seq, 0, 0]);
    message.respond(encodeInternal({ epoch: owner.epoch, version: update.version, heads }));
  });
  const heads: number[] = [];
  const interest = openInterest({
    bus,
    shards: 1,
    edge,
    onReply: (shard, reply) => releases.answer(shard, reply),
  });
  t.after(() => interest.close());
  const releases = openReleases({
    bus,
    edge,
    gateway: { repeat: () => {} } as never,
    rooms: () => ({ head: (_: number, { seq }: { seq: number }) => heads.push(seq) }) as never,
    users: () => undefined as never,
    presences: () => undefined as never,
    interest: () => interest,
    observeDelivery: () => {},
    tracer: null,
    observeStale: () => (stale += 1),
  });
  t.after(() => releases.close());

  await interest.watch({ kind: "chat", id: 1 });
  assert.deepEqual(heads, [43]);
  bus.publish(subjects.claimed, encodeInternal({ shard: 0, epoch: 2 }));
  // The claim is known, and the former owner, who does not know of it, is the first to answer.
  await until(() => stale > 0, { withinMs, what: "an answer of the former owner" });
  let isKnown = false;
  const known = interest.watch({ kind: "chat", id: 2 }).then(() => (isKnown = true));
  await until(() => asked.filter(({ add }) => add.includes("chat:2")).length >= 2, {
    withinMs,
    what: "the question again",
  });
  assert.equal(isKnown, false);
  assert.deepEqual(heads, [43]);
  owner = { epoch: 2, seq: 44 };
  await known;
  assert.deepEqual(heads, [43, 44, 44]);
});
