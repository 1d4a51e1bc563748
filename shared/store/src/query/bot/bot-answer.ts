/** What named calls of native bots were answered. */
import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

export interface BotAnswer {
  readonly method: string;
  /** As it was written to the caller. */
  readonly envelope: string;
}

export async function readBotAnswer(db: Queryable, botId: UserId, key: string): Promise<BotAnswer | null> {
  const { rows } = await db.query<BotAnswer>({
    name: "read bot answer",
    text: "select method, envelope from bot_answer where bot_id = $1 and key = $2",
    values: [botId, key],
  });
  return rows[0] ?? null;
}

/**
 * The first answer stays. A few of those that are too old go with every one that comes, so that they never pile up.
 * @returns what is kept: this one, or what came first.
 */
export async function keepBotAnswer(
  db: Queryable,
  { botId, key }: { readonly botId: UserId; readonly key: string },
  answer: BotAnswer,
  { nowMs, keptMs }: { readonly nowMs: number; readonly keptMs: number },
): Promise<BotAnswer> {
  const { method, envelope } = answer;
  const { rowCount } = await db.query({
    name: "keep bot answer",
    text: `with old as (select bot_id, key from bot_answer where created_ms < $6 order by created_ms limit 4
               for update skip locked),
             gone as (delete from bot_answer b using old where b.bot_id = old.bot_id and b.key = old.key)
           insert into bot_answer (bot_id, key, method, envelope, created_ms)
           values ($1, $2, $3, $4, $5) on conflict do nothing`,
    values: [botId, key, method, envelope, nowMs, nowMs - keptMs],
  });
  return rowCount === 1 ? answer : ((await readBotAnswer(db, botId, key)) ?? answer);
}
