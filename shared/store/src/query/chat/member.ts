import type { MemberRole } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { readingRule } from "./acl.ts";
import { headSeqOf } from "./head.ts";
import { deliveredSeq, readSeq, receiptOfMember } from "./receipt.ts";

const inLivingChat =
  "m.left_ms is null and not exists (select from chat c where c.id = m.chat_id and c.deleted_ms is not null)";

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
    text: `select m.user_id as "userId", m.role, ${deliveredSeq} as "deliveredSeq", ${readSeq} as "readSeq",
             m.joined_ms as "joinedAt"
           from member m ${receiptOfMember}
           where m.chat_id = $1 and m.user_id > $2 and ${inLivingChat} order by m.user_id limit $3`,
    values: [chatId, page.after, page.limit],
  });
  return rows;
}

/** One membership, or null. */
export async function readMember(db: Queryable, chatId: number, userId: number): Promise<Member | null> {
  const [member] = await listMembers(db, chatId, { after: userId - 1, limit: 1 });
  return member?.userId === userId ? member : null;
}

const rule = readingRule("$1", "$2");

/** Which of these chats a user may read now, being in them or by their ACL, with where they stand. */
export async function memberHeads(
  db: Queryable,
  userId: number,
  chatIds: readonly number[],
  keyId: number | null = null,
): Promise<{ id: number; seq: number; rev: number }[]> {
  const { rows } = await db.query<{ id: number; seq: number; rev: number }>({
    name: "member heads",
    text: `select c.id, ${headSeqOf("c.id")} as seq, c.rev from chat c
             left join member m on m.chat_id = c.id and m.user_id = $1 and m.left_ms is null ${rule.joins}
           where c.id = any($3::bigint[]) and c.deleted_ms is null and ${rule.mayRead}`,
    values: [userId, keyId, chatIds],
  });
  return rows;
}

/** The chat's head when the user came, or could read it again; 0 when they are not in it. */
export async function readJoinedSeq(db: Queryable, chatId: number, userId: number): Promise<number> {
  const { rows } = await db.query<{ seq: number }>({
    name: "read joined seq",
    text: `select greatest(m.joined_seq, a.since_seq) as seq from member m
             left join chat_acl a on a.chat_id = m.chat_id and a.subject = 'user:' || m.user_id
           where m.chat_id = $1 and m.user_id = $2 and m.left_ms is null`,
    values: [chatId, userId],
  });
  return rows[0]?.seq ?? 0;
}

/** Which of these users are in so many chats that they cannot come into this one, where they are not yet. */
export async function crowdedUsers(
  db: Queryable,
  userIds: readonly number[],
  { chatId, chatsMax }: { readonly chatId: number; readonly chatsMax: number },
): Promise<number[]> {
  const { rows } = await db.query<{ userId: number }>({
    name: "crowded users",
    text: `select user_id as "userId" from member where user_id = any($1::bigint[]) and left_ms is null
           group by user_id having count(*) >= $2 and not bool_or(chat_id = $3)`,
    values: [userIds, chatsMax, chatId],
  });
  return rows.map(({ userId }) => userId);
}
