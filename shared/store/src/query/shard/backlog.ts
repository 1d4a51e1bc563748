import type { Queryable } from "../../pool.ts";

/** What waits to be done by somebody. */
export interface Backlog {
  /** Commands between actors whose target has not applied them. */
  readonly relays: number;
  readonly telegramSends: number;
  readonly webhookDeliveries: number;
  /** Parked commands that nobody has retried (L8). */
  readonly deadLetters: number;
}

/** For an operator's look: it counts rows, by indexes of what is open. */
export async function countBacklog(db: Queryable): Promise<Backlog> {
  const { rows } = await db.query<Backlog>(
    `select (select count(*) from relay) as relays,
       (select count(*) from telegram_send where state in ('pending', 'sending')) as "telegramSends",
       (select count(*) from webhook_delivery where state = 'pending') as "webhookDeliveries",
       (select count(*) from dead_letter where retried_ms is null) as "deadLetters"`,
  );
  return rows[0] ?? { relays: 0, telegramSends: 0, webhookDeliveries: 0, deadLetters: 0 };
}
