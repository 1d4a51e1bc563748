import type { ActorDefinition, Memory, Wanted } from "@rookery/host";
import type { AddressedCommand, ChatCommand } from "@rookery/protocol";
import {
  loadChats,
  type Queryable,
  readHeads,
  readMessagesAt,
  recallChatCommands,
  type StoredMessage,
} from "@rookery/store";
import { decide } from "./decide.ts";
import { keepRecent, nothingRecent, recentMessage, trimRecent } from "./recollection.ts";
import type { ChatState } from "./state.ts";

/** The actor of one chat: the only writer of its messages, changes and members. */
export const chatActor: ActorDefinition<ChatState> = {
  kind: "chat",
  load: async (db, ids) =>
    new Map([...(await loadChats(db, ids))].map(([id, chat]) => [id, { ...chat, recent: nothingRecent }])),
  recall: async (db, asked) =>
    recallChatCommands(
      db,
      asked.map(({ actorId, ...rest }) => ({ chatId: actorId, ...rest })),
    ).then((found) => found.map(({ chatId, ...rest }) => ({ actorId: chatId, ...rest }))),
  heads: async (db, ids) => new Map((await readHeads(db, ids)).map(({ id, seq, rev }) => [id, { seq, rev }])),
  positionOf: ({ headSeq, rev }) => ({ seq: headSeq, rev }),
  memory: {
    missing: missingMessages,
    fetch: fetchMessages,
    learn: (state, messages: readonly StoredMessage[]) => ({
      ...state,
      recent: keepRecent(state.recent, messages),
    }),
    trim: (state) => ({ ...state, recent: trimRecent(state.recent) }),
  } satisfies Memory<ChatState>,
  decide,
};

/** A place beyond the head is no message yet, unless a command before this one makes it. */
function missingMessages(state: ChatState, { command }: AddressedCommand): number[] {
  const asked = command as ChatCommand;
  switch (asked.kind) {
    case "edit":
    case "delete":
    case "react":
    case "pin":
    case "vote": {
      const { seq } = asked;
      return seq <= state.headSeq && recentMessage(state.recent, seq) === undefined ? [seq] : [];
    }
    case "create":
    case "send":
    case "rename":
    case "invite":
    case "role":
    case "remove":
    case "leave":
    case "disband":
      return [];
  }
}

async function fetchMessages(
  db: Queryable,
  wanted: readonly Wanted[],
): Promise<ReadonlyMap<number, readonly StoredMessage[]>> {
  const rows = await readMessagesAt(
    db,
    wanted.map(({ actorId, keys }) => ({ chatId: actorId, seqs: keys })),
  );
  const byChat = new Map<number, StoredMessage[]>();
  for (const row of rows) {
    const messages = byChat.get(row.chatId);
    if (messages === undefined) byChat.set(row.chatId, [row]);
    else messages.push(row);
  }
  return byChat;
}
