import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "@rookery/bus";
import type { AddressedCommand, Reply } from "@rookery/protocol";
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
