import type { Queryable } from "../../pool.ts";

/** Members of a chat, counted up to `membersMax`: whether it is a crowd costs no more for a larger one. */
export async function countMembers(db: Queryable, chatId: number, membersMax: number): Promise<number> {
  const { rows } = await db.query<{ members: number }>({
    name: "count members",
    text: `select count(*) as members from (select from member
             where chat_id = $1 and left_ms is null limit $2) as counted`,
    values: [chatId, membersMax],
  });
  return rows[0]?.members ?? 0;
}
