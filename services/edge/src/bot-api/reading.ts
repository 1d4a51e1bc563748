/**
 * What almost every call reads: whose token it is, which chat is meant, messages and names. Each is a query for all calls of a
 * moment instead of one for each: at thousands of calls a second those were most of what the edge and Postgres did.
 */
import { botTokenDigest } from "@rookery/gateway";
import type { ChatId, UserId } from "@rookery/protocol";
import { openGather } from "@rookery/runtime";
import {
  type BotPlace,
  type NativeBot,
  type Person,
  readBotPlaces,
  readMessagesAt,
  readNativeBotsByToken,
  readPeopleById,
  type Store,
  type StoredMessage,
} from "@rookery/store";

/** Questions of one query. */
const questionsMax = 500;

/** Null: there is none. */
export interface Reading {
  readonly bot: (token: string) => Promise<NativeBot | null>;
  /** A chat, or the direct chat with a person. */
  readonly place: (
    about: { readonly botId: UserId } & ({ readonly chatId: ChatId } | { readonly userId: UserId }),
  ) => Promise<BotPlace | null>;
  readonly message: (at: { readonly chatId: ChatId; readonly seq: number }) => Promise<StoredMessage | null>;
  readonly person: (userId: UserId) => Promise<Person | null>;
}

/** Answers in the order of the questions. */
function openTogether<K, V>(ask: (keys: readonly K[]) => Promise<readonly V[]>): (key: K) => Promise<V> {
  return openGather({ questionsMax, ask });
}

export function openReading(store: Store): Reading {
  return {
    bot: openTogether(async (tokens) => {
      const digests = tokens.map(botTokenDigest);
      const bots = await readNativeBotsByToken(store, digests);
      return digests.map((digest) => bots.get(digest.toString("hex")) ?? null);
    }),
    place: openTogether((asked) => readBotPlaces(store, asked)),
    message: openTogether(async (places) => {
      const rows = await readMessagesAt(
        store,
        places.map(({ chatId, seq }) => ({ chatId, seqs: [seq] })),
      );
      const found = new Map(rows.map((row) => [`${row.chatId}:${row.seq}`, row]));
      return places.map(({ chatId, seq }) => found.get(`${chatId}:${seq}`) ?? null);
    }),
    person: openTogether(async (ids) => {
      const people = new Map((await readPeopleById(store, ids)).map((person) => [person.id, person]));
      return ids.map((id) => people.get(id) ?? null);
    }),
  };
}
