/** What Postgres holds at the end: the other half of a verdict. */
import type { Queryable } from "@rookery/store";

export interface StoredMessage {
  readonly chatId: number;
  readonly seq: number;
  readonly senderId: number;
  readonly uuid: string;
  readonly kind: string;
  readonly body: string;
  readonly ts: number;
  readonly isDeleted: boolean;
  readonly pinned: boolean;
  readonly reactions: Readonly<Record<string, readonly number[]>>;
}

/** The first outcome of a change, kept for its repeats (L3). */
export interface StoredOutcome {
  readonly chatId: number;
  readonly senderId: number;
  readonly uuid: string;
  readonly seq: number;
  readonly rev: number;
  readonly ts: number;
}

/** How far a member has come. */
export interface StoredMark {
  readonly chatId: number;
  readonly userId: number;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

export interface StoredChange {
  readonly chatId: number;
  readonly rev: number;
  readonly frame: Readonly<Record<string, unknown>>;
}

export interface StoredChat {
  readonly id: number;
  readonly headSeq: number;
  readonly rev: number;
}

export interface StoredMember {
  readonly chatId: number;
  readonly userId: number;
  readonly joinedSeq: number;
}

/** A shard's offset beside the last message the log holds for it; `lastSeq` 0 when it holds none. */
export interface StoredOffset {
  readonly shard: number;
  readonly appliedSeq: number;
  readonly lastSeq: number;
}

export interface Truth {
  readonly chats: readonly StoredChat[];
  readonly messages: readonly StoredMessage[];
  readonly changes: readonly StoredChange[];
  readonly outcomes: readonly StoredOutcome[];
  readonly marks: readonly StoredMark[];
  readonly members: readonly StoredMember[];
  readonly deadLetters: readonly { readonly uuid: string; readonly reason: string }[];
  /** Commands from actor to actor that were never applied. */
  readonly relays: readonly { readonly id: string }[];
  readonly offsets: readonly StoredOffset[];
}

/** Reads everything but the offsets, whose other half is in the log. */
export async function readTruth(db: Queryable): Promise<Omit<Truth, "offsets">> {
  const all = async <T extends object>(text: string): Promise<T[]> => (await db.query<T>(text)).rows;
  return {
    chats: await readHeads(db),
    messages: await all<StoredMessage>(
      `select chat_id as "chatId", seq, sender_id as "senderId", uuid, kind, body, ts,
         deleted_at is not null as "isDeleted", coalesce((detail->>'pinned')::boolean, false) as pinned,
         coalesce(detail->'reactions', '{}') as reactions
       from message order by chat_id, seq`,
    ),
    changes: await all<StoredChange>(
      `select chat_id as "chatId", rev, frame from change order by chat_id, rev`,
    ),
    outcomes: await all<StoredOutcome>(
      `select substr(actor, 6)::bigint as "chatId", sender_id as "senderId", uuid,
         (outcome->>'seq')::bigint as seq, (outcome->>'rev')::bigint as rev, (outcome->>'ts')::bigint as ts
       from outcome where actor like 'chat:%' and outcome->>'kind' = 'changed'`,
    ),
    marks: await readMarks(db),
    members: await all<StoredMember>(
      `select chat_id as "chatId", user_id as "userId", joined_seq as "joinedSeq" from member
       where left_ms is null order by chat_id, user_id`,
    ),
    deadLetters: await all<{ uuid: string; reason: string }>("select uuid, reason from dead_letter"),
    relays: await all<{ id: string }>("select id from relay"),
  };
}

/** How far all members have come. */
export async function readMarks(db: Queryable): Promise<StoredMark[]> {
  const { rows } = await db.query<StoredMark>(
    `select chat_id as "chatId", m.key::bigint as "userId", (m.value->>0)::bigint as "deliveredSeq",
       (m.value->>1)::bigint as "readSeq"
     from receipt, jsonb_each(marks) m`,
  );
  return rows;
}

/** How far each shard is applied. */
export async function readApplied(db: Queryable): Promise<{ shard: number; appliedSeq: number }[]> {
  const { rows } = await db.query<{ shard: number; appliedSeq: number }>(
    `select id as shard, applied_seq as "appliedSeq" from shard where kind = 'log' order by id`,
  );
  return rows;
}

/** The heads alone, for whoever waits for readers to arrive there. */
export async function readHeads(db: Queryable): Promise<StoredChat[]> {
  const { rows } = await db.query<StoredChat>(
    `select id, rev, coalesce((select max(seq) from message where chat_id = chat.id), 0) as "headSeq"
     from chat order by id`,
  );
  return rows;
}
