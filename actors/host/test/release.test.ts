/** What leaves a host after the commit: to whom, in what order, in messages of what size. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus, Liveness } from "@rookery/bus";
import {
  type EdgeBatch,
  type Event,
  type Job,
  type JobBatch,
  type Message,
  parseInternal,
  type ServerFrame,
  shardOf,
  subjects,
} from "@rookery/protocol";
import type { ShardPlan } from "../src/plan.ts";
import { openReleaser, sendJobs } from "../src/release.ts";
import { Shard } from "../src/shard.ts";

const payloadBytesMax = 1024 * 1024;

function openBus() {
  const sent: { readonly subject: string; readonly bytes: Uint8Array }[] = [];
  const publish = (subject: string, bytes: Uint8Array): void => void sent.push({ subject, bytes });
  return { sent, bus: { publish } as unknown as Bus };
}

const claim = { id: 3, epoch: 5, logId: "log", appliedSeq: 0, floodUntilMs: 0, deaths: 0, suspect: null };

function message(seq: number, more: Partial<Message> = {}): Event {
  const body = { id: seq, chatId: 1, seq, rev: 0, senderId: 1, uuid: `u-${seq}`, kind: "text", body: "" };
  const rest = { entities: [], attachments: [], ts: 1, editedAt: null, deletedAt: null };
  return { kind: "message", chatId: 1, message: { ...body, ...rest, ...more } } as unknown as Event;
}

function planOf(shard: Shard, events: readonly Event[]): ShardPlan {
  const fence = { shard: shard.id } as ShardPlan["fence"];
  const replies = [{ edge: "edge-a", ref: 7, reply: { kind: "done" } as never }];
  return {
    shard,
    commands: [],
    fence,
    rows: [],
    names: [],
    replies,
    events: [...events],
    relays: [],
    jobs: [],
    touched: new Map(),
  };
}

function openStage(edges: readonly string[] | null) {
  const { sent, bus } = openBus();
  const liveness = { live: () => edges } as unknown as Liveness;
  const releaser = openReleaser({ bus, liveness, worker: "worker-1" });
  const batches = (edge: string) =>
    sent.flatMap(({ subject, bytes }) =>
      subject === subjects.edge(edge) ? [{ ...parseInternal<EdgeBatch>(bytes), size: bytes.length }] : [],
    );
  const seqs = (edge: string) =>
    batches(edge).flatMap(({ shards }) =>
      shards.flatMap(({ events }) =>
        events.map((event) => (event.kind === "message" ? event.message.seq : 0)),
      ),
    );
  return { releaser, batches, seqs };
}

test("events go to who watches, replies to who asked", () => {
  const { releaser, batches, seqs } = openStage(["edge-a", "edge-b", "edge-c"]);
  const shard = new Shard(claim);
  shard.interest.apply({ edge: "edge-b", version: 1, whole: true, add: ["chat:1"], remove: [] });
  releaser.release({ batch: 1, shards: [planOf(shard, [message(1), message(2)])] });
  assert.deepEqual(seqs("edge-b"), [1, 2]);
  assert.deepEqual(seqs("edge-a"), []);
  assert.deepEqual(batches("edge-a")[0]?.shards[0]?.replies, [[7, { kind: "done" }]]);
  assert.equal(batches("edge-c").length, 0);
});

test("[L5] a new owner tells every live edge, until all have said what they watch", () => {
  const { releaser, seqs } = openStage(["edge-a", "edge-b"]);
  const shard = new Shard({ ...claim, floodUntilMs: Number.MAX_SAFE_INTEGER });
  shard.interest.apply({ edge: "edge-b", version: 1, whole: true, add: [], remove: [] });
  releaser.release({ batch: 1, shards: [planOf(shard, [message(1)])] });
  assert.deepEqual([seqs("edge-a"), seqs("edge-b")], [[1], [1]]);
  shard.interest.apply({ edge: "edge-a", version: 1, whole: true, add: ["chat:1"], remove: [] });
  releaser.release({ batch: 2, shards: [planOf(shard, [message(2)])] });
  assert.deepEqual([seqs("edge-a"), seqs("edge-b")], [[1, 2], [1]]);
});

test("[L5] the head of what was told lately is repeated, also of an actor that is not in memory any more", () => {
  const { releaser, batches } = openStage(["edge-b"]);
  const shard = new Shard(claim);
  shard.interest.apply({ edge: "edge-b", version: 1, whole: true, add: ["chat:1"], remove: [] });
  const position = { seq: 2, rev: 0, receiptRev: 0 };
  const touched: ShardPlan["touched"] = new Map([["chat:1", { cell: {} as never, position }]]);
  const plan = { ...planOf(shard, [message(1), message(2)]), touched };
  releaser.release({ batch: 1, shards: [plan] });
  assert.equal(shard.cells.size, 0);
  releaser.heal([shard]);
  assert.deepEqual(batches("edge-b").at(-1)?.shards[0]?.heads, [["chat:1", 2, 0, 0]]);
});

test("[L7] a release larger than a message of the bus comes in several, all of it, in order", () => {
  const { releaser, batches, seqs } = openStage([]);
  const large = new Shard(claim);
  const small = new Shard({ ...claim, id: 4 });
  for (const shard of [large, small])
    shard.interest.apply({ edge: "edge-b", version: 1, whole: true, add: ["chat:1"], remove: [] });
  const body = "€".repeat(16_000);
  const entities = Array.from({ length: 100 }, () => ({ type: "bold", offset: 0, length: 1 })) as never;
  const poll = {
    question: "q",
    options: Array.from({ length: 10 }, () => ({ text: "€".repeat(100) })),
  } as never;
  const edited = { type: "MessageEdited", chatId: 1, seq: 1, body, entities } as unknown as ServerFrame;
  const events = [
    ...Array.from({ length: 40 }, (_, index) => message(index + 1, { body, entities, poll })),
    { kind: "change", chatId: 1, frame: edited } as unknown as Event,
    {
      kind: "receipts",
      chatId: 1,
      marks: Array.from({ length: 50 }, (_, userId) => ({ userId })),
    } as unknown as Event,
  ];
  releaser.release({
    batch: 1,
    // One that fits beside it, one alone too large, and one that fits with what is left of it.
    shards: [planOf(small, [message(101, { body })]), planOf(large, events), planOf(small, [message(102)])],
  });
  const wanted = [...Array.from({ length: 40 }, (_, index) => index + 1), 0, 0];
  assert.deepEqual(
    seqs("edge-b").filter((seq) => seq < 100),
    wanted,
  );
  assert.deepEqual(
    seqs("edge-b").filter((seq) => seq > 100),
    [101, 102],
  );
  const sizes = batches("edge-b").map(({ size }) => size);
  assert.ok(sizes.length > 3, `${sizes.length} messages`);
  assert.ok(Math.max(...sizes) < payloadBytesMax, `${Math.max(...sizes)} bytes`);
});

/** As many links as a message takes, each as long as it may be. */
const links = Array.from({ length: 100 }, () => ({
  type: "text_link",
  offset: 0,
  length: 1,
  url: "https://example.org/".padEnd(2_048, "x"),
}));
/** A keyboard that is all links. */
const buttons = Array.from({ length: 8 }, () => ({ text: "b", url: links[0]?.url ?? "" }));
const keyboard = { rows: Array.from({ length: 50 }, () => ({ buttons })) };

test("[L7] what messages hold beside their bodies counts too: links, buttons, files", () => {
  const { releaser, batches } = openStage([]);
  const shard = new Shard(claim);
  shard.interest.apply({ edge: "edge-b", version: 1, whole: true, add: ["chat:1"], remove: [] });
  const name = "€".repeat(170);
  const attachments = Array.from({ length: 10 }, () => ({ fileId: "f", kind: "photo", name, mime: name }));
  const edited = { type: "MessageEdited", chatId: 1, seq: 1, body: "", entities: links, keyboard };
  const listOf = (count: number, more: object): Event[] =>
    Array.from({ length: count }, (_, index) => message(index + 1, more as never));
  for (const [batch, events] of [
    listOf(50, { entities: links }),
    listOf(500, { attachments }),
    listOf(10, { keyboard }),
    listOf(10, {}).map(() => ({ kind: "change", chatId: 1, frame: edited }) as unknown as Event),
  ].entries()) {
    const before = batches("edge-b").length;
    releaser.release({ batch, shards: [planOf(shard, events)] });
    const came = batches("edge-b").slice(before);
    assert.deepEqual(
      came.flatMap(({ shards }) => shards.flatMap((each) => each.events)),
      events,
    );
    // One event alone may be nearly as large as this.
    const largest = Math.max(...came.map(({ size }) => size));
    assert.ok(largest < 2 * payloadBytesMax, `${largest} bytes in release ${batch}`);
  }
});

test("[L7] jobs with links and buttons come in messages of bounded size", () => {
  const { sent, bus } = openBus();
  const content = { kind: "text", body: "", entities: links, keyboard };
  const jobs = Array.from({ length: 60 }, (_, index) => ({
    kind: "telegramSend",
    owner: { kind: "bot", id: 1 },
    job: { id: `1/${index}`, content },
  })) as unknown as Job[];
  sendJobs(bus, 8, jobs);
  assert.equal(sent.flatMap(({ bytes }) => parseInternal<JobBatch>(bytes).jobs).length, jobs.length);
  assert.ok(Math.max(...sent.map(({ bytes }) => bytes.length)) < 2 * payloadBytesMax);
});

test("[L7] releases of many shards to one edge are cut between shards", () => {
  const { releaser, batches, seqs } = openStage([]);
  const body = "€".repeat(16_000);
  const plans = Array.from({ length: 30 }, (_, id) => {
    const shard = new Shard({ ...claim, id });
    shard.interest.apply({ edge: "edge-b", version: 1, whole: true, add: ["chat:1"], remove: [] });
    return planOf(shard, [message(id + 1, { body })]);
  });
  releaser.release({ batch: 1, shards: plans });
  assert.deepEqual(
    seqs("edge-b"),
    Array.from({ length: 30 }, (_, index) => index + 1),
  );
  const sizes = batches("edge-b").map(({ size }) => size);
  assert.ok(sizes.length > 1 && Math.max(...sizes) < payloadBytesMax, sizes.join());
});

test("jobs go to the owners of their shards, thirty in a message, in order", () => {
  const { sent, bus } = openBus();
  const jobs = Array.from({ length: 100 }, (_, index) => ({
    id: index + 1,
    owner: { kind: "bot", id: (index % 3) + 1 },
  })) as unknown as (Job & { readonly id: number })[];
  sendJobs(bus, 8, jobs);
  const byShard = new Map<string, number[]>();
  for (const { subject, bytes } of sent) {
    const batch = parseInternal<JobBatch>(bytes);
    assert.ok(batch.jobs.length <= 30);
    byShard.set(subject, [
      ...(byShard.get(subject) ?? []),
      ...batch.jobs.map((job) => (job as Job & { readonly id: number }).id),
    ]);
  }
  const wanted = new Map<string, number[]>();
  for (const { id, owner } of jobs) {
    const subject = subjects.jobs(shardOf(owner.kind, owner.id, 8));
    wanted.set(subject, [...(wanted.get(subject) ?? []), id]);
  }
  assert.deepEqual(byShard, wanted);
});
