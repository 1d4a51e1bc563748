import type { ActorDefinition } from "@rookery/host";
import { loadChats, readHeads, recallChatCommands } from "@rookery/store";
import { decide } from "./decide.ts";
import type { ChatState } from "./state.ts";

/** The actor of one chat: the only writer of its messages, changes and members. */
export const chatActor: ActorDefinition<ChatState> = {
  kind: "chat",
  load: loadChats,
  recall: async (db, asked) =>
    recallChatCommands(
      db,
      asked.map(({ actorId, ...rest }) => ({ chatId: actorId, ...rest })),
    ).then((found) => found.map(({ chatId, ...rest }) => ({ actorId: chatId, ...rest }))),
  heads: async (db, ids) => new Map((await readHeads(db, ids)).map(({ id, seq, rev }) => [id, { seq, rev }])),
  positionOf: ({ headSeq, rev }) => ({ seq: headSeq, rev }),
  decide,
};
