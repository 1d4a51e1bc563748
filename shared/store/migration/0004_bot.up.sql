-- Bots, and the people who come by Telegram. Plain transactions of edges and couriers; no actor's rows.

-- A bot is a user: its id is that of its row in `users`, where its names are too. The secrets are sealed
-- (`@rookery/auth`, secret-box.ts; `botSecretOwner`).
create table bot (
  id bigint primary key references users,
  owner_id bigint not null references users,
  -- As in `users` while the bot lives; kept here so that a deleted bot frees its name.
  username text not null,
  username_key text not null,
  mode text not null check (mode in ('webhook', 'polling', 'native')),
  token_key_id text not null,
  token_box bytea not null,
  secret_key_id text not null,
  secret_box bytea not null,
  -- SHA-256 of the webhook secret: whoever only checks it needs no master key.
  secret_digest bytea not null,
  -- The Idempotency-Key it was made under.
  request_uuid text,
  -- What Telegram was told. `pending` until it agrees with `mode`; `off`: Telegram calls nothing.
  webhook_status text not null default 'pending' check (webhook_status in ('pending', 'set', 'failed', 'off')),
  webhook_url text,
  webhook_error text,
  -- Counts changes of what Telegram is to be told, so that a repair that was overtaken writes nothing.
  webhook_version integer not null default 0,
  attempts integer not null default 0,
  -- When the courier tries next; null when there is nothing to do.
  next_attempt_ms bigint,
  created_ms bigint not null,
  deleted_ms bigint,
  unique (owner_id, request_uuid)
) with (fillfactor = 80);
create unique index bot_by_username on bot (username_key) where deleted_ms is null;
create index bot_by_owner on bot (owner_id, id) where deleted_ms is null;
create index bot_by_attempt on bot (next_attempt_ms) where next_attempt_ms is not null;

-- Who a Telegram account is here. Channels and groups that speak for themselves have negative ids.
create table telegram_user (
  telegram_id bigint primary key,
  user_id bigint not null unique references users,
  first_name text not null,
  last_name text,
  username text,
  language text,
  created_ms bigint not null,
  updated_ms bigint not null
) with (fillfactor = 80);
