/** What Postgres says about receipts. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Store } from "@rookery/store";

const lookMs = 500;
/** A backend that goes idle has told its counts after 10 s (PGSTAT_IDLE_INTERVAL). */
const stillLooks = 22;

/** Rows of `receipt` ever inserted or updated, once the count stands still. For a cluster at rest. */
export async function countReceiptWrites(store: Store): Promise<number> {
  let count = -1;
  for (let still = 0; still < stillLooks; still++) {
    const { rows } = await store.query<{ count: number }>(
      "select n_tup_ins + n_tup_upd as count from pg_stat_user_tables where relname = 'receipt'",
    );
    const now = rows[0]?.count ?? 0;
    if (now !== count) still = 0;
    count = now;
    await sleep(lookMs);
  }
  return count;
}

/** How far each member of a chat has read. */
export async function readWatermarks(store: Store, chatId: number): Promise<ReadonlyMap<number, number>> {
  const { rows } = await store.query<{ user_id: string; read_seq: number }>(
    `select key as user_id, (value -> 1)::int as read_seq
     from receipt, jsonb_each(marks) where chat_id = $1`,
    [chatId],
  );
  return new Map(rows.map(({ user_id, read_seq }) => [Number(user_id), read_seq]));
}
