import type { ActorDefinition, Decision } from "@rookery/host";
import type { AddressedCommand, ChatId, Rev, UserCommand, UserId } from "@rookery/protocol";
import { loadUserFeeds, readFeedHeads } from "@rookery/store";

/** A user's list of chats as it changes: each change takes the next `userRev`. */
export interface UserState {
  readonly userId: UserId;
  readonly rev: Rev;
  /** Of each chat the chat's rev that was last heard of; an older one changes nothing. */
  readonly chats: ReadonlyMap<ChatId, Rev>;
}

/** What a user does with word from a chat. Pure (L9), and idempotent by the chat's rev, however late a repeat. */
export function decide(
  known: UserState | null,
  { actor, command }: AddressedCommand,
  _nowMs: number,
): Decision<UserState> {
  const { kind, chatId, chatRev } = command as UserCommand;
  const state = known ?? { userId: actor.id, rev: 0, chats: new Map() };
  const outcome = { kind: "noted" } as const;
  const heard = state.chats.get(chatId);
  if (heard !== undefined && heard >= chatRev) {
    return { kind: "done", state, outcome, rows: [], events: [], relays: [] };
  }
  const { userId } = state;
  const rev = state.rev + 1;
  const added = kind === "joined";
  return {
    kind: "done",
    state: { userId, rev, chats: new Map(state.chats).set(chatId, chatRev) },
    outcome,
    rows: [
      { table: "userFeed", row: { userId, rev } },
      { table: "userChange", row: { userId, rev, chatId, chatRev, added } },
    ],
    events: [{ kind: "feed", userId, userRev: rev, chatId, added }],
    relays: [],
  };
}

/** The actor of one user: the only writer of their feed. It hears of chats by relayed commands alone. */
export const userActor: ActorDefinition<UserState> = {
  kind: "user",
  load: loadUserFeeds,
  recall: async () => [],
  heads: async (db, ids) =>
    new Map((await readFeedHeads(db, ids)).map(({ id, rev }) => [id, { seq: 0, rev, receiptRev: 0 }])),
  positionOf: ({ rev }) => ({ seq: 0, rev, receiptRev: 0 }),
  decide,
};
