-- Bots of our own: programs speak for them by the Bot API surface of edges. Plain transactions of edges, except what the courier
-- that owns the bot's job shard writes under that shard's epoch: `next_update_id`, `last_error…`, and updates once they are there.

-- Beside the row in `bot`, whose token it seals as others'; `secret_box` there holds the secret of the bot's own webhook.
create table native_bot (
  bot_id bigint primary key references bot,
  -- SHA-256 of the token: whoever only finds its bot needs no master key.
  token_digest bytea not null unique,
  -- In groups it is told of what is meant for it alone.
  privacy_mode boolean not null default true,
  -- Types of updates that are made for it; null: the default set.
  allowed_updates text[],
  -- Of the next update; they are numbered in the order in which they are told.
  next_update_id integer not null default 1,
  -- Where updates are posted to; null: they are asked for.
  webhook_url text,
  webhook_has_secret boolean not null default false,
  webhook_max_connections integer not null default 40,
  webhook_ip text,
  -- Counts changes of the webhook, so that whoever posts to it reads anew.
  webhook_version integer not null default 0,
  last_error_ms bigint,
  last_error text
) with (fillfactor = 80);

-- What a bot is to be told: written by chats' actors in the commit it tells of, numbered by the bot's courier, gone when
-- everybody has confirmed it or its time is over.
create table bot_update (
  id bigint generated always as identity primary key,
  bot_id bigint not null,
  -- Null until it is numbered.
  update_id integer,
  type text not null,
  chat_id bigint not null,
  -- Its order in the chat.
  place bigint not null,
  -- Its webhook posts one after the other: 'chat:5', 'user:7'.
  queue text not null,
  -- Telegram's Update without `update_id`.
  payload jsonb not null,
  created_ms bigint not null,
  expires_ms bigint not null,
  -- The bot itself has it (`offset`, or its webhook took it); named consumers may still want it.
  taken boolean not null default false,
  unique (bot_id, update_id)
) with (fillfactor = 70);
create index bot_update_unnumbered on bot_update (bot_id) where update_id is null;
create index bot_update_by_expiry on bot_update (expires_ms);

-- Programs that each see every update of a bot, by the names they give themselves.
create table bot_consumer (
  bot_id bigint not null references bot,
  name text not null,
  -- Everything below is confirmed.
  next_update_id integer not null,
  seen_ms bigint not null,
  primary key (bot_id, name)
) with (fillfactor = 70);

-- A button that somebody pressed, until the bot has answered it or its time is over; written by the chat's actor.
create table bot_callback (
  id bigint primary key,
  bot_id bigint not null,
  user_id bigint not null,
  -- The edge that waits for the answer; empty: none.
  edge text not null,
  created_ms bigint not null,
  -- `{text?, alert?, url?}`
  answer jsonb,
  answered_ms bigint
) with (fillfactor = 80);
create index bot_callback_by_age on bot_callback (created_ms);

-- Commands of a bot by scope (`default`, `all_private_chats`, `chat:5`, `chat_member:5:7`, …) and language ('' for all).
create table bot_command (
  bot_id bigint not null references bot,
  scope text not null,
  language text not null,
  commands jsonb not null,
  primary key (bot_id, scope, language)
);
