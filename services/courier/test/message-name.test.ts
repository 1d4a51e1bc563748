import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "@rookery/bus";
import { openGateway } from "@rookery/gateway";
import { openRelay } from "@rookery/host";
import type { AddressedCommand } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import type { RelayRow, Store } from "@rookery/store";

const log = openLog("test", { LOG_LEVEL: "fatal" });
const count = 5;

// The log drops what comes under a name it knows: answers of polled bots once waited seconds for a sweep so, and updates as well.
test("[L3] what a courier relays and what it asks have names of their own in the log", async () => {
  const names: string[] = [];
  const bus = {
    connected: true,
    append: async (_subject: string, _bytes: Uint8Array, { msgId }: { readonly msgId: string }) => {
      names.push(msgId);
      return { seq: names.length, duplicate: false };
    },
  } as unknown as Bus;
  const id = "courier-1";
  const gateway = openGateway({ bus, shards: 1, edge: id, log });
  const relay = openRelay({ bus, store: {} as Store, shards: 1, worker: id, log });
  for (let at = 0; at < count; at += 1) {
    const command = { kind: "send", body: "", messageKind: "text" };
    const asked = { actor: { kind: "chat", id: 1 }, senderId: 1, uuid: `${at}`, source: "telegram", command };
    gateway.ask(asked as unknown as AddressedCommand, 60_000, () => {});
    const row = { id: `row ${at}`, sourceShard: 0, targetKind: "chat", targetId: 1, command, createdMs: 0 };
    relay.send([row as unknown as RelayRow]);
    // The gateway sends what a turn asked for.
    await new Promise((resolve) => setImmediate(resolve));
  }
  gateway.close();
  assert.equal(names.length, 2 * count);
  assert.equal(new Set(names).size, 2 * count, names.join(" "));
});
