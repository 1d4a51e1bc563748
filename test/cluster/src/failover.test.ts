/** Any process may be killed at any instruction: nothing acked is lost, nothing is doubled, one order stays. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@rookery/kit";
import { type Cluster, openCluster } from "./cluster.ts";
import { ackFaults, agreementFaults, orderFaults } from "./order-check.ts";
import { createGroup, type Person, readHistory, register } from "./rest.ts";
import { type Reader, startReader, startWriter, type Writer } from "./stubborn.ts";

const chatCount = 6;

/** Acks of every writer before the kill, and again behind it. */
const acksEach = 40;

/** A writer that gets no ack for so long counts as stopped. */
const comeBackMs = 30_000;

interface Talk {
  readonly chatId: number;
  readonly head: number;
  readonly writers: readonly Writer[];
  readonly readers: readonly Reader[];
}

async function eachAcked(talks: readonly Talk[], count: readonly number[]): Promise<void> {
  const writers = talks.flatMap((talk) => talk.writers);
  await until(() => writers.every((writer, index) => writer.acks.length >= (count[index] ?? 0)), {
    withinMs: comeBackMs,
  });
}

/** The longest wait for an ack of any chat that spans or follows the kill. */
function silenceMs(talks: readonly Talk[], killedMs: number): number {
  const waits = talks.map((talk) => {
    const times = talk.writers.flatMap((writer) => writer.acks.map(({ atMs }) => atMs)).sort((a, b) => a - b);
    return Math.max(
      ...times.slice(1).map((atMs, index) => (atMs > killedMs ? atMs - (times[index] as number) : 0)),
    );
  });
  return Math.round(Math.max(...waits));
}

describe("under traffic", () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;

  before(async () => {
    cluster = await openCluster({ edges: 2, workers: 2 });
    [ann, bob] = await Promise.all([register(cluster.base, "ann"), register(cluster.base, "bob")]);
  });
  after(() => cluster?.close());

  async function startTalk(name: string): Promise<Talk> {
    const chat = await createGroup(cluster.base, ann, [bob], name);
    const { headSeq } = await readHistory(cluster.base, ann, chat.id);
    const there = { chatId: chat.id, first: headSeq };
    const [one, other] = [cluster.edges, cluster.edges.toReversed()];
    return {
      chatId: chat.id,
      head: headSeq,
      writers: [
        startWriter(one, { token: ann.token, chatId: chat.id, prefix: `${name}-a` }),
        startWriter(other, { token: bob.token, chatId: chat.id, prefix: `${name}-b` }),
      ],
      readers: [
        startReader(one, { token: bob.token, ...there }),
        startReader(other, { token: ann.token, ...there }),
      ],
    };
  }

  for (const victim of ["worker", "edge", "redis", "nats", "postgres"] as const) {
    it(`[L10] kill -9 of a ${victim} loses nothing acked, doubles nothing and keeps one order`, async () => {
      const talks = await Promise.all(
        Array.from({ length: chatCount }, (_, index) => startTalk(`${victim}-${index}`)),
      );
      const writers = talks.flatMap((talk) => talk.writers);
      await eachAcked(
        talks,
        writers.map(() => acksEach),
      );
      const pid = cluster.pids[victim][0] as number;
      const killedMs = performance.now();
      process.kill(pid, "SIGKILL");
      // Until its successor stands, and beyond: a kill whose effect comes late is in the middle of the traffic too.
      await until(() => (cluster.pids[victim][0] ?? pid) !== pid, {
        withinMs: 20_000,
        what: `a new ${victim}`,
      });
      await eachAcked(
        talks,
        writers.map((writer) => writer.acks.length + acksEach),
      );
      await Promise.all(writers.map((writer) => writer.stop()));
      console.error(
        `kill -9 of a ${victim}: the longest silence of a chat was ${silenceMs(talks, killedMs)} ms`,
      );

      for (const talk of talks) {
        const { items, headSeq } = await readHistory(cluster.base, ann, talk.chatId, talk.head);
        const range = { first: talk.head + 1, last: headSeq };
        assert.deepEqual(orderFaults("history", items, range), []);
        const acks = talk.writers.flatMap((writer) => writer.acks);
        assert.deepEqual(ackFaults(acks, items), []);
        assert.equal(items.length, acks.length, "what is in history was acked, sooner or later");
        for (const [index, reader] of talk.readers.entries()) {
          await reader.reach(headSeq, 10_000);
          await reader.stop();
          assert.deepEqual(orderFaults(`reader ${index}`, reader.kept, range), []);
          assert.deepEqual(agreementFaults(["reader", "history"], reader.kept, items), []);
          assert.deepEqual(reader.faults, []);
          if (victim !== "edge")
            assert.equal(reader.connections, 1, "the socket outlives what stands behind it");
        }
      }
    });
  }
});
