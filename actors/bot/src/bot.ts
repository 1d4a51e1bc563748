/** The actor of one bot: it keeps what is about no chat, each once, in the order it came: updates of Telegram's, questions in inline mode. */
import type { ActorDefinition, Decision } from "@rookery/host";
import {
  type AddressedCommand,
  type BotCommand,
  type EndpointFacts,
  type Job,
  noEndpoints,
  type Outcome,
  type TelegramUpdateJob,
  type UserId,
} from "@rookery/protocol";
import { type NativeBotFact, recallOutcomes } from "@rookery/store";
import { askInline } from "./inline.ts";
import { webhooksOf } from "./webhook.ts";

export interface BotState {
  readonly id: UserId;
}

/** What a bot knows that is nobody's. */
export interface BotFacts {
  readonly endpoints: EndpointFacts;
  readonly nativeBots: ReadonlyMap<UserId, NativeBotFact>;
}

const nothingKnown: BotFacts = { endpoints: noEndpoints, nativeBots: new Map() };

/** Pure (L9). */
export function decide(
  _state: BotState | null,
  addressed: AddressedCommand,
  nowMs: number,
  facts: BotFacts = nothingKnown,
): Decision<BotState> {
  const { actor, senderId, uuid, source, requestId } = addressed;
  const command = addressed.command as BotCommand;
  if (command.kind === "inline") return askInline(addressed, command, nowMs, facts);
  const { update } = command;
  const { endpoints } = facts;
  if (source !== "telegram" || update.botId !== actor.id) {
    return { kind: "refused", fault: { code: "not_found", message: "there is no such bot" } };
  }
  const { routed, ...told } = update;
  const job: TelegramUpdateJob = {
    ...told,
    chatId: null,
    seq: null,
    state: routed ? "pending" : "kept",
    createdMs: nowMs,
    ...(requestId === undefined ? {} : { requestId }),
  };
  const outcome: Outcome = { kind: "noted" };
  const hooks = webhooksOf(job, endpoints);
  const owner = { kind: "bot", id: actor.id } as const;
  const jobs: Job[] = [...(routed ? [{ kind: "telegramUpdate", owner, job } as const] : []), ...hooks.jobs];
  return {
    kind: "done",
    state: { id: actor.id },
    outcome,
    rows: [
      { table: "telegramUpdate", row: job },
      { table: "outcome", row: { actor: `bot:${actor.id}`, senderId, uuid, outcome, decidedMs: nowMs } },
      ...hooks.rows,
    ],
    events: [],
    relays: [],
    ...(jobs.length === 0 ? {} : { jobs }),
  };
}

export const botActor: ActorDefinition<BotState, BotFacts> = {
  kind: "bot",
  load: async (_db, ids) => new Map(ids.map((id) => [id, { id }])),
  recall: (db, asked) => recallOutcomes(db, "bot", asked),
  heads: async () => new Map(),
  positionOf: () => ({ seq: 0, rev: 0, receiptRev: 0 }),
  decide,
};
