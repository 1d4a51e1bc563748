/** Bots of a cluster's own, by their rows: what a token is, the edge decides by its digest. */
import { createHash, randomBytes } from "node:crypto";
import type { Store } from "@rookery/store";

export interface NativeBot {
  readonly id: number;
  readonly token: string;
}

/** Adds `count` bots of one owner. */
export async function addNativeBots(store: Store, ownerId: number, count: number): Promise<NativeBot[]> {
  const { rows } = await store.query<{ id: number }>(
    `insert into users (display_name, username, username_key, is_bot, created_ms)
     select 'bot ' || n, 'load_' || n || '_bot', 'load_' || n || '_bot', true, $2 from generate_series(1, $1) n returning id`,
    [count, Date.now()],
  );
  const bots = rows.map(({ id }) => ({ id, token: `${id}:${randomBytes(26).toString("base64url")}` }));
  const nothing = Buffer.alloc(32);
  await store.query(
    `insert into bot (id, owner_id, username, username_key, mode, token_key_id, token_box, secret_key_id, secret_box,
       secret_digest, created_ms, webhook_status)
     select id, $2, 'load_' || id, 'load_' || id, 'native', 'none', $3, 'none', $3, $3, $4, 'off' from unnest($1::bigint[]) id`,
    [bots.map(({ id }) => id), ownerId, nothing, Date.now()],
  );
  await store.query(
    `insert into native_bot (bot_id, token_digest) select * from unnest($1::bigint[], $2::bytea[])`,
    [bots.map(({ id }) => id), bots.map(({ token }) => createHash("sha256").update(token).digest())],
  );
  await store.query("select next_fact_version()");
  return bots;
}
