/** What goes from actor to actor, on its way into the log; that it arrives is in `host.test.ts`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "@rookery/bus";
import { type CommandBatch, type LoggedCommand, parseInternal } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import type { RelayRow, Store } from "@rookery/store";
import { openRelay } from "../src/relay.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });

/** Appends what these rows say, and remembers each message. */
function relayOf(
  rows: readonly RelayRow[],
): { readonly bytes: number; readonly commands: LoggedCommand[] }[] {
  const appended: { bytes: number; commands: LoggedCommand[] }[] = [];
  const append = async (_: string, bytes: Uint8Array) => {
    appended.push({ bytes: bytes.length, commands: [...parseInternal<CommandBatch>(bytes).commands] });
    return { seq: appended.length, duplicate: false };
  };
  openRelay({ bus: { append } as unknown as Bus, store: {} as Store, shards: 8, worker: "w", log }).send(
    rows,
  );
  return appended;
}

/** What a bot says in a chat, by relay. */
function said(chatId: number, index: number, body: string): RelayRow {
  const command = { kind: "send", messageKind: "text", body, botId: 9 };
  const id = `bot-9-${chatId}-${index}`;
  return { id, sourceShard: 0, targetKind: "chat", targetId: chatId, command, createdMs: 0 };
}

test("[L7] what waits for one shard comes in messages of bounded size, all of it, in order", () => {
  const body = "€".repeat(5_000);
  const rows = Array.from({ length: 1_000 }, (_, index) => said(1, index, body));
  const appended = relayOf(rows);
  assert.deepEqual(
    appended.flatMap(({ commands }) => commands.map(({ relayId }) => relayId)),
    rows.map(({ id }) => id),
  );
  const largest = Math.max(...appended.map(({ bytes }) => bytes));
  assert.ok(largest < 1024 * 1024, `${largest} bytes`);
});

test("[L7] and of so many commands as a chat keeps in mind", () => {
  const appended = relayOf(Array.from({ length: 1_000 }, (_, index) => said(1, index, "hi")));
  assert.deepEqual(
    appended.map(({ commands }) => commands.length),
    [250, 250, 250, 250],
  );
});
