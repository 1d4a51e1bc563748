import type { MemberRole } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

const inLivingChat =
  "left_ms is null and not exists (select from chat c where c.id = chat_id and c.deleted_ms is not null)";

/** A member as the outside sees them (CONTRACT §2). */
export interface Member {
  readonly userId: number;
  readonly role: MemberRole;
  readonly deliveredSeq: number;
  readonly readSeq: number;
  readonly joinedAt: number;
}

/** The members of a chat in user id order after `after`. */
export async function listMembers(
  db: Queryable,
  chatId: number,
  page: { readonly after: number; readonly limit: number },
): Promise<Member[]> {
  const { rows } = await db.query<Member>({
    name: "list members",
    text: `select user_id as "userId", role, delivered_seq as "deliveredSeq", read_seq as "readSeq",
             joined_ms as "joinedAt"
           from member where chat_id = $1 and user_id > $2 and ${inLivingChat} order by user_id limit $3`,
    values: [chatId, page.after, page.limit],
  });
  return rows;
}

/** One membership, or null: the permission to read a chat. */
export async function readMember(db: Queryable, chatId: number, userId: number): Promise<Member | null> {
  const [member] = await listMembers(db, chatId, { after: userId - 1, limit: 1 });
  return member?.userId === userId ? member : null;
}

/** Which of these chats the user is in now, with where they stand. */
export async function memberHeads(
  db: Queryable,
  userId: number,
  chatIds: readonly number[],
): Promise<{ id: number; seq: number; rev: number }[]> {
  const { rows } = await db.query<{ id: number; seq: number; rev: number }>({
    name: "member heads",
    text: `select c.id, c.head_seq as seq, c.rev from chat c join member m on m.chat_id = c.id
           where m.user_id = $1 and m.left_ms is null and c.deleted_ms is null and c.id = any($2::bigint[])`,
    values: [userId, chatIds],
  });
  return rows;
}

/** The chat's head when the user came; 0 when they are not in it. */
export async function readJoinedSeq(db: Queryable, chatId: number, userId: number): Promise<number> {
  const { rows } = await db.query<{ seq: number }>({
    name: "read joined seq",
    text: "select joined_seq as seq from member where chat_id = $1 and user_id = $2 and left_ms is null",
    values: [chatId, userId],
  });
  return rows[0]?.seq ?? 0;
}
