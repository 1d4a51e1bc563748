/** Questions of people to bots of ours, wherever they are, and what the bots offer. */
import { type InlineAnswer, inlineAnswerMs, type UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { accountKey } from "../identity/account-key.ts";

/**
 * The bot answers, once and in time. Plain: whoever answers first has answered.
 * @returns the edge that waits; null: too late, answered before, or another bot's.
 */
export async function answerInline(
  db: Queryable,
  key: { readonly id: number; readonly botId: UserId },
  said: { readonly answer: InlineAnswer; readonly isPersonal: boolean; readonly cacheMs: number },
  nowMs: number,
): Promise<string | null> {
  const { rows } = await db.query<{ edge: string }>({
    name: "answer inline",
    text: `update bot_inline set answer = $3, is_personal = $4, until_ms = $5
           where id = $1 and bot_id = $2 and answer is null and created_ms > $6::bigint - ${inlineAnswerMs} returning edge`,
    values: [key.id, key.botId, JSON.stringify(said.answer), said.isPersonal, nowMs + said.cacheMs, nowMs],
  });
  return rows[0]?.edge ?? null;
}

export interface InlineOffer extends InlineAnswer {
  readonly queryId: number;
  readonly botId: UserId;
  readonly query: string;
}

const offer = `select id as "queryId", bot_id as "botId", query, answer->'results' as results,
  answer->>'nextOffset' as "nextOffset" from bot_inline`;

/** What was answered to this question, as somebody may see it whom it is for; null: nothing yet. */
export async function readInlineOffer(
  db: Queryable,
  queryId: number,
  userId: UserId,
): Promise<InlineOffer | null> {
  const { rows } = await db.query<InlineOffer>({
    name: "read inline offer",
    text: `${offer} where id = $1 and answer is not null and (user_id = $2 or not is_personal)`,
    values: [queryId, userId],
  });
  return rows[0] ?? null;
}

/** What was answered to whoever asked the same, and still serves. */
export async function findInlineOffer(
  db: Queryable,
  asked: { readonly botId: UserId; readonly userId: UserId; readonly query: string; readonly offset: string },
  nowMs: number,
): Promise<InlineOffer | null> {
  const { rows } = await db.query<InlineOffer>({
    name: "find inline offer",
    text: `${offer} where bot_id = $1 and query = $2 and page = $3 and answer is not null and until_ms > $5
             and (user_id = $4 or not is_personal) order by until_ms desc limit 1`,
    values: [asked.botId, asked.query, asked.offset, asked.userId, nowMs],
  });
  return rows[0] ?? null;
}

/** A living bot of ours by its name; null: there is none. */
export async function findNativeBot(db: Queryable, username: string): Promise<UserId | null> {
  const { rows } = await db.query<{ id: number }>({
    name: "find native bot",
    text: `select n.bot_id as id from bot b join native_bot n on n.bot_id = b.id
           where b.username_key = $1 and b.deleted_ms is null`,
    values: [accountKey(username)],
  });
  return rows[0]?.id ?? null;
}
