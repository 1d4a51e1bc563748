import type { AddressedCommand, ChatCommand } from "@rookery/protocol";
import { toMessage } from "@rookery/store";
import { callbackUpdate } from "./bot-update.ts";
import { livingMessage } from "./change.ts";
import { Draft } from "./draft.ts";
import type { ChatFacts } from "./facts.ts";
import { type Decided, noMessage, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

/** Whoever is in the chat may press a button that is there; the bot that sent it is told. Nothing of the chat changes. */
export function press(
  state: ChatState | null,
  command: AddressedCommand,
  asked: Extract<ChatCommand, { kind: "press" }>,
  means: { readonly facts: ChatFacts; readonly nowMs: number },
): Decided {
  const { senderId: userId, uuid } = command;
  const { seq, data, queryId, edge } = asked;
  if (state?.members.has(userId) !== true) return notFound();
  const message = livingMessage(state, seq);
  if (message === undefined) return noMessage();
  const keyboard = message.detail?.keyboard;
  const buttons = keyboard?.place === "inline" || keyboard?.place === undefined ? keyboard?.rows : [];
  const isThere = buttons?.some((row) => row.buttons.some((button) => button.data === data)) === true;
  if (!isThere) return refused("invalid", "data: the message has no such button");
  const viaBotId = message.detail?.viaBotId;
  const bot = means.facts.nativeBots.get(viaBotId ?? message.senderId);
  if (bot === undefined || (viaBotId === undefined && !state.members.has(bot.id))) {
    return refused("forbidden", "nobody is there to answer the button");
  }
  const outcome = { kind: "pressed", queryId } as const;
  const draft = new Draft(state, means.nowMs);
  draft.remember(userId, uuid, outcome);
  const done = draft.done(outcome);
  if (done.kind !== "done") return done;
  const told = callbackUpdate(
    state,
    bot,
    { queryId, userId, message: toMessage(message), data, isInline: viaBotId !== undefined },
    means.nowMs,
  );
  const callback = { id: queryId, botId: bot.id, userId, edge, createdMs: means.nowMs };
  return {
    ...done,
    rows: [...done.rows, ...told.rows, { table: "botCallback", row: callback }],
    jobs: told.jobs,
  };
}
