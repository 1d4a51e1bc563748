import type { Queryable } from "../../pool.ts";

/** An open send whose bot is deleted: nobody sends it any more. */
export interface OrphanSend {
  readonly id: string;
  /** `send` makes a message; the others change one. */
  readonly action: string;
  readonly botId: number;
  readonly chatId: number;
  readonly seq: number;
  /** `sending`: it had left when the bot went, and how that ended was never written. */
  readonly state: "pending" | "sending";
}

/** Those not begun at once; those begun only when whoever began them has had until `begunBeforeMs` to say what became of them. */
export async function orphanSends(
  db: Queryable,
  { begunBeforeMs, limit }: { readonly begunBeforeMs: number; readonly limit: number },
): Promise<OrphanSend[]> {
  const { rows } = await db.query<OrphanSend>({
    name: "orphan sends",
    text: `select t.id, t.action, t.bot_id as "botId", t.chat_id as "chatId", t.seq, t.state
           from bot b join telegram_send t on t.bot_id = b.id and t.state in ('pending', 'sending')
           where b.deleted_ms is not null and (t.state = 'pending' or b.deleted_ms < $1) limit $2`,
    values: [begunBeforeMs, limit],
  });
  return rows;
}
