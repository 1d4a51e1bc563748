-- Broadcasts of a bot: made and steered by edges in plain transactions, carried out by the courier under the epoch of the bot's job
-- shard.
create table broadcast (
  id bigint generated always as identity primary key,
  bot_id bigint not null references bot,
  -- What each chat is asked to do (`ChatCommand`, a bulk `send`).
  command jsonb not null,
  -- The Idempotency-Key it was made under.
  request_uuid text,
  state text not null check (state in ('running', 'paused', 'cancelled', 'done')),
  total integer not null,
  sent integer not null default 0,
  failed integer not null default 0,
  -- Sends whose outcome nobody knows, of bots that do not repeat them.
  unknown integer not null default 0,
  -- The courier has nothing more to do for it.
  settled boolean not null default false,
  created_ms bigint not null,
  done_ms bigint,
  unique (bot_id, request_uuid)
) with (fillfactor = 70);
create index broadcast_by_bot on broadcast (bot_id, id);
create index broadcast_open on broadcast (id) where not settled;

-- One chat of a broadcast. `fed`: its chat has been asked, by the relay 'broadcast-<broadcast>-<n>'.
create table broadcast_target (
  broadcast_id bigint not null references broadcast,
  n integer not null,
  chat_id bigint not null,
  state text not null default 'waiting' check (state in ('waiting', 'fed', 'sent', 'failed', 'unknown')),
  fed_ms bigint,
  error text,
  primary key (broadcast_id, n)
) with (fillfactor = 70);
create index broadcast_target_waiting on broadcast_target (broadcast_id, n) where state = 'waiting';
create index broadcast_target_fed on broadcast_target (broadcast_id, n) where state = 'fed';
create index broadcast_target_lost on broadcast_target (broadcast_id, n) where state in ('failed', 'unknown');

-- Finds all chats of a bot.
create index chat_by_bot on chat (((telegram ->> 'botId')::bigint), id) where telegram is not null;
