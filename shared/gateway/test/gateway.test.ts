import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bus, LogFull } from "@rookery/bus";
import { type AddressedCommand, type CommandBatch, parseInternal, type Reply } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { openGateway } from "../src/gateway.ts";

const log = openLog("test", { LOG_LEVEL: "fatal" });
const done: Reply = {
  kind: "done",
  outcome: { kind: "sent", seq: 1, rev: 0, ts: 0 },
  duplicate: false,
};

test("[L7] many commands wait and answers come late: one more is overloaded; few may always", async () => {
  const bus = { connected: true, append: async () => ({ seq: 1, duplicate: false }) } as unknown as Bus;
  let nowMs = 0;
  const gateway = openGateway({ bus, shards: 1, edge: "e", log, now: () => nowMs });
  try {
    const replies: Reply[] = [];
    const ask = (count: number): void => {
      for (let index = 0; index < count; index++) {
        const command = { kind: "send", body: "", messageKind: "text" };
        const asked = {
          actor: { kind: "chat", id: 1 },
          senderId: 1,
          uuid: `${index}`,
          source: "ws",
          command,
        };
        gateway.ask(asked as unknown as AddressedCommand, 60_000, (reply) => void replies.push(reply));
      }
    };
    const refusals = (): number => replies.filter(({ kind }) => kind === "refused").length;
    ask(500);
    nowMs = 2_000;
    gateway.settle(1, done);
    ask(1);
    // So few are let in however late answers come: a pause is no overload.
    assert.equal(refusals(), 0);
    ask(2_048);
    assert.equal(refusals(), 500);
    const last = replies.at(-1);
    assert.equal(last?.kind === "refused" ? last.fault.code : "", "overloaded");
    assert.ok(last?.kind === "refused" && (last.fault.retryMs ?? 0) > 0);
    gateway.settle(600, done);
    assert.equal(gateway.pending, 2_047);
    // That one was answered at once: the shard is well again.
    ask(10);
    assert.equal(refusals(), 500);
  } finally {
    gateway.close();
  }
});

test("[L6] what waits is sent again when its shard is silent or has answered later ones, not while it is its turn", (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "setImmediate"] });
  const appended: number[] = [];
  const append = async (_: string, bytes: Uint8Array): Promise<{ seq: number; duplicate: boolean }> => {
    const batch = parseInternal<CommandBatch>(bytes);
    appended.push(...batch.commands.map(({ ref }) => ref ?? 0));
    return { seq: 1, duplicate: false };
  };
  let nowMs = 0;
  const bus = { connected: true, append } as unknown as Bus;
  const gateway = openGateway({ bus, shards: 1, edge: "e", log, now: () => nowMs });
  const pass = (ms: number): number[] => {
    nowMs += ms;
    t.mock.timers.tick(250);
    return appended.splice(0);
  };
  const ask = (uuid: string): void => {
    const command = { kind: "send", body: "", messageKind: "text" };
    const asked = { actor: { kind: "chat", id: 1 }, senderId: 1, uuid, source: "ws", command };
    gateway.ask(asked as unknown as AddressedCommand, 60_000, () => {});
  };
  try {
    for (const uuid of ["a", "b"]) ask(uuid);
    assert.deepEqual(pass(10), [1, 2]);
    for (const uuid of ["c", "d"]) ask(uuid);
    assert.deepEqual(pass(10), [3, 4]);
    nowMs = 1_900;
    gateway.settle(1, done);
    // The first is answered after a while: the others are on their way.
    assert.deepEqual(pass(1_000), []);
    gateway.settle(3, done);
    // Behind the third is the fourth, and the second was passed by.
    assert.deepEqual(pass(0), [2]);
    assert.deepEqual(pass(1_000), []);
    // Nothing more for two seconds.
    assert.deepEqual(pass(1_100), [2, 4]);
  } finally {
    gateway.close();
  }
});

test("[L7] commands of one moment come in messages of bounded size: links and buttons count", async () => {
  const sizes: number[] = [];
  const sentUuids: string[] = [];
  const append = async (_: string, bytes: Uint8Array): Promise<{ seq: number; duplicate: boolean }> => {
    sizes.push(bytes.length);
    sentUuids.push(...parseInternal<CommandBatch>(bytes).commands.map(({ uuid }) => uuid));
    return { seq: 1, duplicate: false };
  };
  const gateway = openGateway({
    bus: { connected: true, append } as unknown as Bus,
    shards: 1,
    edge: "e",
    log,
  });
  try {
    const url = "https://example.org/".padEnd(2_048, "x");
    const entities = Array.from({ length: 30 }, () => ({ type: "text_link", offset: 0, length: 1, url }));
    const uuids = Array.from({ length: 256 }, (_, index) => `u-${index}`);
    for (const uuid of uuids) {
      const command = { kind: "send", body: "", messageKind: "text", entities } as const;
      gateway.ask(
        { actor: { kind: "chat", id: 1 }, senderId: 1, uuid, source: "ws", command },
        60_000,
        () => {},
      );
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(sentUuids, uuids);
    assert.ok(Math.max(...sizes) < 1024 * 1024, `${Math.max(...sizes)} bytes`);
  } finally {
    gateway.close();
  }
});

test("[L7] a full log is overload for a command that was never in it; one sent before may have been done", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "setImmediate"] });
  let isFull = false;
  let nowMs = 0;
  const append = async (): Promise<{ seq: number; duplicate: boolean }> => {
    if (isFull) throw new LogFull("cmd.1.0", 10_077);
    return { seq: 1, duplicate: false };
  };
  const bus = { connected: true, append } as unknown as Bus;
  const gateway = openGateway({ bus, shards: 1, edge: "e", log, now: () => nowMs });
  const told: string[] = [];
  const pass = async (ms: number): Promise<void> => {
    nowMs += ms;
    t.mock.timers.tick(250);
    // What the log answers is heard in microtasks.
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  const ask = (uuid: string): void => {
    const command = { kind: "send", body: "", messageKind: "text" };
    const asked = { actor: { kind: "chat", id: 1 }, senderId: 1, uuid, source: "ws", command };
    gateway.ask(asked as unknown as AddressedCommand, 5_000, (reply) => {
      told.push(`${uuid} ${reply.kind === "refused" ? reply.fault.code : reply.kind}`);
    });
  };
  try {
    ask("early");
    await pass(10);
    isFull = true;
    // Nobody has answered for two seconds: it is sent again, and refused. The first may lie there still.
    await pass(2_100);
    ask("late");
    await pass(10);
    assert.deepEqual(told, ["late overloaded"]);
    await pass(3_000);
    assert.deepEqual(told, ["late overloaded", "early unavailable"]);
  } finally {
    gateway.close();
  }
});
