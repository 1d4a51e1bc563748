import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ownership } from "@rookery/store";
import { encodeStatus, type Sight, viewStatus } from "../src/status-view.ts";

const shard: Ownership = {
  id: 0,
  epoch: 3,
  owner: "worker-0.a",
  claimedMs: 1,
  logId: "log",
  appliedSeq: 7,
  appliedMsgId: null,
  appliedMs: null,
  commitId: 1,
  deaths: 0,
  suspect: null,
};
const whole: Sight = {
  processes: [
    { role: "courier", id: "courier-0.c", leaving: false, delayMs: null },
    { role: "worker", id: "worker-0.a", leaving: false, delayMs: 1.5 },
    { role: "edge", id: "edge-0.b", leaving: false, delayMs: 0 },
  ],
  lagOf: (id, epoch) => (epoch === 3 ? id + 1 : null),
  socketsOf: () => 12,
  shards: { log: [shard, { ...shard, id: 1 }], job: [{ ...shard, owner: "courier-0.c" }] },
  backlog: { relays: 1, telegramSends: 2, webhookDeliveries: 3, deadLetters: 4 },
  log: { messages: 5, bytes: 2_000 },
  redis: true,
};

test("each process with what it does, edges first", () => {
  const view = viewStatus(whole);
  assert.deepEqual([view.ok, view.missing], [true, []]);
  assert.deepEqual(encodeStatus(view), [
    "all is there",
    "",
    "process      role     shards  lag  sockets  loop ms",
    "edge-0.b     edge          -    -       12        0",
    "worker-0.a   worker        2    3        -      1.5",
    "courier-0.c  courier       1    -        -        -",
    "",
    "shards with an owner      2 of 2 log, 1 of 1 job",
    "log of commands           5 messages, 2 KiB",
    "commands between actors   1 not applied",
    "sends to Telegram         2 open",
    "deliveries of webhooks    3 open",
    "dead letters              4",
  ]);
});

test("what is missing is named: roles, owners that are silent, servers", () => {
  const missing = (sight: Partial<Sight>): readonly string[] => viewStatus({ ...whole, ...sight }).missing;
  const [courier, worker, edge] = whole.processes ?? [];
  assert.ok(courier && worker && edge);
  assert.deepEqual(missing({ processes: [courier, worker] }), ["no edge is alive"]);
  assert.deepEqual(missing({ processes: [courier, worker, { ...edge, leaving: true }] }), [
    "no edge is alive",
  ]);
  assert.deepEqual(missing({ processes: [courier, edge] }), [
    "no worker is alive",
    "2 of 2 log shards have no owner that is alive",
  ]);
  assert.deepEqual(missing({ shards: { ...whole.shards, job: [{ ...shard, owner: null }] } }), [
    "1 of 1 job shards have no owner that is alive",
  ]);
  assert.deepEqual(missing({ redis: false }), ["Redis does not answer"]);
  assert.deepEqual(missing({ processes: null }), ["NATS does not answer, so the processes are not heard"]);
});

test("a lag is told when all its shards' are known, of this epoch", () => {
  const log = [shard, { ...shard, id: 1, epoch: 4 }];
  const view = viewStatus({ ...whole, shards: { ...whole.shards, log } });
  assert.equal(view.processes?.find(({ role }) => role === "worker")?.lag, null);
});
