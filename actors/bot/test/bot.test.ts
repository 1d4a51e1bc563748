import assert from "node:assert/strict";
import { test } from "node:test";
import { type AddressedCommand, type EndpointFact, endpointFacts } from "@rookery/protocol";
import { decide } from "../src/mod.ts";

const nowMs = 1_700_000_000_000;
const raw = { update_id: 9, inline_query: { id: "q" } };
const update = { botId: 5, updateId: 9, type: "inline_query", raw, routed: true };
const told: AddressedCommand = {
  actor: { kind: "bot", id: 5 },
  senderId: 0,
  uuid: "tg-9",
  source: "telegram",
  command: { kind: "update", update },
};

test("an update about no chat is kept under its name, and is a job where it is routed", () => {
  const { routed: _, ...kept } = update;
  const job = { ...kept, chatId: null, seq: null, state: "pending", createdMs: nowMs };
  const outcome = { kind: "noted" };
  assert.deepEqual(decide(null, told, nowMs), {
    kind: "done",
    state: { id: 5 },
    outcome,
    rows: [
      { table: "telegramUpdate", row: job },
      { table: "outcome", row: { actor: "bot:5", senderId: 0, uuid: "tg-9", outcome, decidedMs: nowMs } },
    ],
    events: [],
    relays: [],
    jobs: [{ kind: "telegramUpdate", owner: { kind: "bot", id: 5 }, job }],
  });
});

test("another's update, or what does not come from Telegram, is refused", () => {
  for (const wrong of [
    { ...told, source: "ws" as const },
    { ...told, actor: { kind: "bot" as const, id: 6 } },
  ]) {
    assert.equal(decide(null, wrong, nowMs).kind, "refused");
  }
});

test("it is told by webhook to those who hear of the bot, or of everything, and want it", () => {
  const endpoint = (id: number, of: Partial<EndpointFact>): EndpointFact => ({
    id,
    ownerId: 1,
    scope: "bot",
    chatId: null,
    botId: 5,
    types: null,
    ...of,
  });
  const endpoints = endpointFacts([
    endpoint(1, {}),
    endpoint(2, { scope: "all", botId: null, types: new Set(["telegram.update"]) }),
    endpoint(3, { botId: 6 }),
    endpoint(4, { scope: "reply" }),
    endpoint(5, { types: new Set(["message.created"]) }),
    endpoint(6, { scope: "chat", botId: null, chatId: 5 }),
  ]);
  const decision = decide(null, told, nowMs, { nativeBots: new Map(), endpoints });
  assert.ok(decision.kind === "done");
  const { rows, jobs } = decision;
  assert.deepEqual(
    rows.flatMap(({ table, row }) => (table === "webhookDelivery" ? [row.id] : [])),
    ["msg_1_5u9", "msg_2_5u9"],
  );
  const [event] = rows.flatMap(({ table, row }) => (table === "webhookEvent" ? [row] : []));
  assert.deepEqual(JSON.parse(event?.payload ?? ""), {
    type: "telegram.update",
    timestamp: new Date(nowMs).toISOString(),
    data: { chatId: null, seq: null, update: raw, bot: { id: 5 } },
  });
  assert.deepEqual(
    jobs?.map(({ kind, owner }) => [kind, owner.id]),
    [
      ["telegramUpdate", 5],
      ["webhookDelivery", 1],
      ["webhookDelivery", 2],
    ],
  );
});
