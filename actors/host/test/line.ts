/**
 * The smallest actors a host can have. The host knows no domain, so its tests need none either: a line of messages
 * (kind `chat`) and an ear that counts the words told to it (kind `user`), both on the real tables.
 */
import type { AddressedCommand, ChatCommand, UserCommand } from "@rookery/protocol";
import {
  loadUserFeeds,
  type Queryable,
  readFactVersion,
  readFeedHeads,
  readHeads,
  recallChatCommands,
  toMessage,
} from "@rookery/store";
import { type ActorDefinition, anyDefinition, type Decision, type Facts, relayId } from "../src/mod.ts";

interface LineState {
  readonly id: number;
  readonly headSeq: number;
}

/** What lines know beside their own rows: a word, in a table of the tests' own. */
export interface LineFacts {
  readonly word: string;
}

export const wordTable = "create table if not exists word (word text not null)";

export async function readWord(db: Queryable): Promise<Facts> {
  const version = await readFactVersion(db);
  const { rows } = await db.query<LineFacts>("select word from word");
  return { version, value: rows[0] ?? { word: "" } };
}

/** Says another word, as whoever changes facts does: with the next number, in one transaction. */
export async function changeWord(db: Queryable, word: string): Promise<void> {
  await db.query("select next_fact_version()");
  await db.query("delete from word");
  await db.query("insert into word values ($1)", [word]);
}

interface EarState {
  readonly userId: number;
  readonly rev: number;
  readonly chats: ReadonlyMap<number, number>;
}

/** Bodies that mean something to a line; every other is a message. */
export const bodies = {
  /** The actor throws. */
  poison: "throw",
  /** It throws already when it is asked which rows it needs, as of a command of a kind that it does not know. */
  unknown: "unknown",
  /** Refused, and so nothing is there afterwards. */
  refused: "refuse",
  /** A message that tells user 7. */
  tell: "tell",
  /** A message that says what the facts are. */
  fact: "fact",
} as const;
export const toldUserId = 7;
/** Uuids that lines were asked to look up. */
export const lookedUp: string[] = [];

function decideLine(
  state: LineState | null,
  { actor, senderId, uuid, source, command }: AddressedCommand,
  nowMs: number,
  facts: LineFacts,
): Decision<LineState> {
  const { body: said } = command as Extract<ChatCommand, { kind: "send" }>;
  const body = said === bodies.fact ? `${said}: ${facts.word}` : said;
  if (body === bodies.poison || body === bodies.unknown) throw new Error("this actor cannot bear it");
  if (body === bodies.refused) return { kind: "refused", fault: { code: "forbidden", message: "no" } };
  const [chatId, seq] = [actor.id, (state?.headSeq ?? 0) + 1];
  const row = {
    chatId,
    seq,
    rev: 0,
    senderId,
    uuid,
    kind: "text",
    body,
    detail: null,
    source,
    ts: nowMs,
    editedAt: null,
    deletedAt: null,
  };
  const target = { kind: "user", id: toldUserId } as const;
  const chat = {
    id: chatId,
    type: "group",
    title: null,
    rev: 0,
    createdBy: 1,
    createdMs: 0,
    deletedMs: null,
    telegram: null,
  } as const;
  return {
    kind: "done",
    state: { id: chatId, headSeq: seq },
    outcome: { kind: "sent", seq, rev: 0, ts: nowMs },
    rows: [
      { table: "chat", row: chat },
      { table: "message", row },
    ],
    events: [{ kind: "message", chatId, seq, message: toMessage(row) }],
    relays:
      body === bodies.tell
        ? [
            {
              id: relayId(`chat:${chatId}`, seq, target),
              target,
              command: { kind: "joined", chatId, chatRev: seq },
            },
          ]
        : [],
  };
}

const line: ActorDefinition<LineState, LineFacts> = {
  kind: "chat",
  load: async (db, ids) =>
    new Map((await readHeads(db, ids)).map(({ id, seq }) => [id, { id, headSeq: seq }] as const)),
  recall: async (db, asked) => {
    lookedUp.push(...asked.map(({ uuid }) => uuid));
    const found = await recallChatCommands(
      db,
      asked.map(({ actorId, ...name }) => ({ chatId: actorId, ...name })),
    );
    return found.map(({ chatId, ...name }) => ({ actorId: chatId, ...name }));
  },
  heads: async (db, ids) => new Map((await readHeads(db, ids)).map(({ id, ...position }) => [id, position])),
  positionOf: ({ headSeq }) => ({ seq: headSeq, rev: 0, receiptRev: 0 }),
  memory: {
    missing(_, { command }) {
      if ("body" in command && command.body === bodies.unknown) throw new Error("what is that?");
      return [];
    },
    fetch: async () => new Map(),
    learn: (state) => state,
    trim: (state) => state,
  },
  decide: decideLine,
};

const ear: ActorDefinition<EarState> = {
  kind: "user",
  load: loadUserFeeds,
  recall: async () => [],
  heads: async (db, ids) =>
    new Map((await readFeedHeads(db, ids)).map(({ id, rev }) => [id, { seq: 0, rev, receiptRev: 0 }])),
  positionOf: ({ rev }) => ({ seq: 0, rev, receiptRev: 0 }),
  decide(state, { actor, command }) {
    const { chatId, chatRev } = command as UserCommand;
    const { rev, chats } = state ?? { rev: 0, chats: new Map<number, number>() };
    const outcome = { kind: "noted" } as const;
    const known = { userId: actor.id, rev, chats };
    if ((chats.get(chatId) ?? -1) >= chatRev) {
      return { kind: "done", state: known, outcome, rows: [], events: [], relays: [] };
    }
    const next = { userId: actor.id, rev: rev + 1 };
    const change = { ...next, chatId, chatRev, added: true };
    return {
      kind: "done",
      state: { ...next, chats: new Map(chats).set(chatId, chatRev) },
      outcome,
      rows: [
        { table: "userFeed", row: next },
        { table: "userChange", row: change },
      ],
      events: [{ kind: "feed", userId: actor.id, userRev: rev + 1, chatId, added: true }],
      relays: [],
    };
  },
};

export const lineDefinitions = [anyDefinition(line), anyDefinition(ear)];
