/** Somebody asks a bot of ours for something to send. Pure. */
import type { Decision } from "@rookery/host";
import { type AddressedCommand, type BotCommand, type BotUpdate, inlineLifeMs } from "@rookery/protocol";
import type { BotFacts, BotState } from "./bot.ts";

/** The bot is told, and a row waits for its answer. A repeat is told the first question's name (L3). */
export function askInline(
  { actor, senderId: userId, uuid }: AddressedCommand,
  { query, offset, queryId, edge }: Extract<BotCommand, { kind: "inline" }>,
  nowMs: number,
  { nativeBots }: BotFacts,
): Decision<BotState> {
  const { id: botId } = actor;
  const bot = nativeBots.get(botId);
  if (bot === undefined) {
    return { kind: "refused", fault: { code: "not_found", message: "there is no such bot" } };
  }
  if (bot.allowedUpdates?.includes("inline_query") === false) {
    return { kind: "refused", fault: { code: "forbidden", message: "the bot answers no inline queries" } };
  }
  const outcome = { kind: "pressed", queryId } as const;
  const update: BotUpdate = {
    botId,
    type: "inline_query",
    // In no chat; whoever asks comes after what they asked before.
    chatId: 0,
    place: nowMs,
    queue: `user:${userId}`,
    payload: {
      chat: { id: 0, type: "direct", title: null, peerId: userId },
      atMs: nowMs,
      news: { kind: "inline", queryId, userId, query, offset },
    },
    createdMs: nowMs,
    expiresMs: nowMs + inlineLifeMs,
  };
  return {
    kind: "done",
    state: { id: botId },
    outcome,
    rows: [
      {
        table: "botInline",
        row: { id: queryId, botId, userId, query, page: offset, edge, createdMs: nowMs },
      },
      { table: "botUpdate", row: update },
      { table: "outcome", row: { actor: `bot:${botId}`, senderId: userId, uuid, outcome, decidedMs: nowMs } },
    ],
    events: [],
    relays: [],
    jobs: [{ kind: "botUpdate", owner: { kind: "bot", id: botId }, job: { botId } }],
  };
}
