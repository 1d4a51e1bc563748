/** Questions to bots of ours in inline mode. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AddressedCommand, noEndpoints } from "@rookery/protocol";
import type { NativeBotFact } from "@rookery/store";
import { decide } from "../src/mod.ts";

const nowMs = 1_700_000_000_000;
const asked: AddressedCommand = {
  actor: { kind: "bot", id: 5 },
  senderId: 7,
  uuid: "u-1",
  source: "ws",
  command: { kind: "inline", query: "tea", offset: "", queryId: 99, edge: "e1" },
};
const facts = (allowedUpdates: NativeBotFact["allowedUpdates"]) => ({
  endpoints: noEndpoints,
  nativeBots: new Map([[5, { id: 5, username: "Tea_bot", privacyMode: true, allowedUpdates }]]),
});

test("a question waits for its answer in a row, and the bot is told for 30 s", () => {
  const decision = decide(null, asked, nowMs, facts(null));
  assert.ok(decision.kind === "done");
  assert.deepEqual(decision.outcome, { kind: "pressed", queryId: 99 });
  const [inline, update, outcome] = decision.rows;
  assert.ok(inline?.table === "botInline" && update?.table === "botUpdate" && outcome?.table === "outcome");
  assert.deepEqual(inline.row, {
    id: 99,
    botId: 5,
    userId: 7,
    query: "tea",
    page: "",
    edge: "e1",
    createdMs: nowMs,
  });
  const { type, queue, expiresMs, payload } = update.row;
  assert.deepEqual([type, queue, expiresMs], ["inline_query", "user:7", nowMs + 30_000]);
  assert.deepEqual(payload.news, { kind: "inline", queryId: 99, userId: 7, query: "tea", offset: "" });
  assert.deepEqual(decision.jobs, [{ kind: "botUpdate", owner: { kind: "bot", id: 5 }, job: { botId: 5 } }]);
});

test("who is no bot of ours, or wants no questions, is not asked", () => {
  const codes = [decide(null, asked, nowMs), decide(null, asked, nowMs, facts(["message"]))].map(
    (decision) => decision.kind === "refused" && decision.fault.code,
  );
  assert.deepEqual(codes, ["not_found", "forbidden"]);
});
