-- How a bot answers: its tables, what it remembers of people, and how it was used. Tables are plain transactions of edges; the
-- rest is the courier's, under the epoch of the bot's job shard.

create table bot_program (
  bot_id bigint primary key references bot,
  -- `RouteTable` and `ServiceTable` (`@rookery/protocol`), the latter without the values of headers.
  routes jsonb not null default '{}',
  services jsonb not null default '{}',
  -- The values of all services' headers, sealed together: `{service: {header: value}}`.
  headers_key_id text,
  headers_box bytea,
  -- Counts changes: who holds an older one reads anew.
  version bigint not null default 1,
  -- What Telegram was told of commands (`setMyCommands`): due when `next_attempt_ms` is there.
  commands_status text not null default 'off' check (commands_status in ('pending', 'set', 'failed', 'off')),
  commands_error text,
  attempts integer not null default 0,
  next_attempt_ms bigint
) with (fillfactor = 80);
create index bot_program_by_attempt on bot_program (next_attempt_ms) where next_attempt_ms is not null;

-- What a bot remembers of one person in one chat, until a time.
create table bot_memory (
  bot_id bigint not null,
  telegram_chat_id bigint not null,
  telegram_user_id bigint not null,
  state jsonb not null,
  until_ms bigint not null,
  primary key (bot_id, telegram_chat_id, telegram_user_id)
) with (fillfactor = 70);
create index bot_memory_by_time on bot_memory (until_ms);

-- Payloads of buttons that Telegram would not take, by a short name made of what they say.
create table callback_token (
  bot_id bigint not null,
  token text not null,
  data text not null,
  expires_ms bigint not null,
  primary key (bot_id, token)
) with (fillfactor = 80);
create index callback_token_by_time on callback_token (expires_ms);

-- By the hour: what was done, how often, how long the answer took, and what failed.
create table bot_usage (
  bot_id bigint not null,
  hour_ms bigint not null,
  -- 'command', 'callback', 'text', 'other', 'service', 'flood'
  kind text not null,
  -- The command's, or the service's; else empty.
  name text not null,
  count bigint not null,
  errors bigint not null,
  total_ms bigint not null,
  max_ms bigint not null,
  primary key (bot_id, hour_ms, kind, name)
) with (fillfactor = 70);
