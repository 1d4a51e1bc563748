import type { ActorDefinition, Memory, Wanted } from "@rookery/host";
import type { AddressedCommand, ChatCommand } from "@rookery/protocol";
import {
  loadChats,
  type Queryable,
  readHeads,
  readMessagesAt,
  readMessagesByTelegram,
  recallChatCommands,
  type StoredMessage,
} from "@rookery/store";
import { decide } from "./decide.ts";
import type { ChatFacts } from "./facts.ts";
import { receiptsOf } from "./receipt.ts";
import {
  keepRecent,
  nothingRecent,
  recentMessage,
  recentTelegramMessage,
  trimRecent,
} from "./recollection.ts";
import type { ChatState } from "./state.ts";

/** The actor of one chat: the only writer of its messages, changes and members. */
export const chatActor: ActorDefinition<ChatState, ChatFacts> = {
  kind: "chat",
  load: async (db, ids) =>
    new Map(
      [...(await loadChats(db, ids))].map(([id, { receipts, ...chat }]) => [
        id,
        { ...chat, receipts: receiptsOf(receipts), recent: nothingRecent },
      ]),
    ),
  recall: async (db, asked) =>
    recallChatCommands(
      db,
      asked.map(({ actorId, ...rest }) => ({ chatId: actorId, ...rest })),
    ).then((found) => found.map(({ chatId, ...rest }) => ({ actorId: chatId, ...rest }))),
  heads: async (db, ids) => new Map((await readHeads(db, ids)).map(({ id, ...position }) => [id, position])),
  positionOf: ({ headSeq, rev, receipts }) => ({ seq: headSeq, rev, receiptRev: receipts.rev }),
  memory: {
    missing: missingMessages,
    fetch: fetchMessages,
    // What is at hand is newer than its row.
    learn: (state, messages: readonly StoredMessage[]) => ({
      ...state,
      recent: keepRecent(
        state.recent,
        messages.filter(({ seq }) => recentMessage(state.recent, seq) === undefined),
      ),
    }),
    trim: (state) => {
      const recent = trimRecent(state.recent);
      return recent === state.recent ? state : { ...state, recent };
    },
  } satisfies Memory<ChatState>,
  decide,
};

/** A place beyond the head is no message yet, unless a command before this one makes it. */
function missingMessages(state: ChatState, { command }: AddressedCommand): number[] {
  const asked = command as ChatCommand;
  switch (asked.kind) {
    case "edit":
    case "rewrite":
    case "closePoll":
    case "delete":
    case "react":
    case "unreact":
    case "pin":
    case "settle":
    case "vote":
    case "press": {
      const { seq } = asked;
      return seq <= state.headSeq && recentMessage(state.recent, seq) === undefined ? [seq] : [];
    }
    case "send": {
      const answered = asked.telegram?.replyToMessageId;
      if (answered !== undefined) return missingTelegramMessage(state, answered);
      // What is answered goes along: by its id to Telegram, whole to bots of our own; and a bot's owner is told who answers it.
      const { replyTo } = asked;
      if (replyTo === undefined || replyTo > state.headSeq) return [];
      return recentMessage(state.recent, replyTo) === undefined ? [replyTo] : [];
    }
    case "update": {
      const { change } = asked;
      if (change?.kind === "edit" || change?.kind === "react") {
        return missingTelegramMessage(state, change.messageId);
      }
      if (change?.kind !== "vote" && change?.kind !== "pollClosed") return [];
      return recentMessage(state.recent, change.seq) === undefined ? [change.seq] : [];
    }
    case "amend":
      return missingTelegramMessage(state, asked.messageId);
    case "create":
    case "moved":
    case "rename":
    case "invite":
    case "role":
    case "remove":
    case "leave":
    case "disband":
    case "mark":
    case "allow":
    case "describe":
    case "restrict":
    case "promote":
    case "entitle":
    case "ban":
    case "unban":
    case "link":
    case "revokeLink":
    case "join":
    case "admit":
      return [];
  }
}

/** Messages known by Telegram's id alone are asked for by it, below zero; places are above. */
function missingTelegramMessage({ recent }: ChatState, messageId: number): number[] {
  return recentTelegramMessage(recent, messageId) === undefined ? [-messageId] : [];
}

async function fetchMessages(
  db: Queryable,
  wanted: readonly Wanted[],
): Promise<ReadonlyMap<number, readonly StoredMessage[]>> {
  const placed = wanted.map(({ actorId, keys }) => ({
    chatId: actorId,
    seqs: keys.filter((key) => key > 0),
  }));
  const named = wanted.flatMap(({ actorId, keys }) => {
    const messageIds = keys.flatMap((key) => (key < 0 ? [-key] : []));
    return messageIds.length === 0 ? [] : [{ chatId: actorId, messageIds }];
  });
  const rows = await Promise.all([
    readMessagesAt(db, placed),
    named.length === 0 ? [] : readMessagesByTelegram(db, named),
  ]);
  const byChat = new Map<number, StoredMessage[]>();
  for (const row of rows.flat()) {
    const messages = byChat.get(row.chatId);
    if (messages === undefined) byChat.set(row.chatId, [row]);
    else messages.push(row);
  }
  return byChat;
}
