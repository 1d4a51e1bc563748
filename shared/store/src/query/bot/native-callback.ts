/** Presses of buttons, until they are answered; and the names that bots are shown. */
import { callbackLifeMs, type UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

export interface CallbackAnswerRow {
  readonly text?: string;
  readonly alert?: boolean;
  readonly url?: string;
}

/**
 * The bot answers a press, once and in time. Plain: whoever answers first has answered. A repeat (`isNamed`) says the same again.
 * @returns the edge that waits; null: too late, answered before, or another bot's.
 */
export async function answerCallback(
  db: Queryable,
  key: { readonly id: number; readonly botId: UserId },
  answer: CallbackAnswerRow,
  { nowMs, isNamed }: { readonly nowMs: number; readonly isNamed: boolean },
): Promise<string | null> {
  const { rows } = await db.query<{ edge: string }>({
    name: "answer callback",
    text: `update bot_callback set answer = $3, answered_ms = $4
           where id = $1 and bot_id = $2 and (answered_ms is null or $5 and answer::jsonb = $3::jsonb) and created_ms > $4::bigint - ${callbackLifeMs} returning edge`,
    values: [key.id, key.botId, JSON.stringify(answer), nowMs, isNamed],
  });
  return rows[0]?.edge ?? null;
}

/** From here on the answer goes to this edge. @returns the answer, when it is there already. */
export async function waitForCallback(
  db: Queryable,
  id: number,
  edge: string,
): Promise<CallbackAnswerRow | null> {
  const { rows } = await db.query<{ answer: CallbackAnswerRow | null }>({
    name: "wait for callback",
    text: "update bot_callback set edge = $2 where id = $1 returning answer",
    values: [id, edge],
  });
  return rows[0]?.answer ?? null;
}

/** People as bots are shown them; those that are gone are left out. */
export async function readNativePeople(
  db: Queryable,
  userIds: readonly UserId[],
): Promise<
  {
    readonly id: UserId;
    readonly isBot: boolean;
    readonly displayName: string;
    readonly username: string | null;
    readonly language: string | null;
  }[]
> {
  const { rows } = await db.query({
    name: "read native people",
    text: `select id, is_bot as "isBot", display_name as "displayName", username, language from users
           where id = any($1::bigint[])`,
    values: [userIds],
  });
  return rows;
}
