import type { Queryable } from "../../pool.ts";

/** Whose message it is, and what they called it. */
export interface MessageOrigin {
  readonly chatId: number;
  readonly seq: number;
  readonly senderId: number;
  readonly uuid: string;
}

/** Those that are there; in any order. */
export async function readOrigins(
  db: Queryable,
  places: readonly Pick<MessageOrigin, "chatId" | "seq">[],
): Promise<MessageOrigin[]> {
  const { rows } = await db.query<MessageOrigin>({
    name: "read origins of messages",
    text: `select chat_id as "chatId", seq, sender_id as "senderId", uuid from message
           where (chat_id, seq) in (select * from unnest($1::bigint[], $2::bigint[]))`,
    values: [places.map(({ chatId }) => chatId), places.map(({ seq }) => seq)],
  });
  return rows;
}
