-- Every row here is written by its actor alone, inside the fenced commit; `chat_key` is the exception.

-- Which chat a birth means, reserved by the edge before the chat's actor is asked to create it, so that a pair
-- of people, a Telegram chat or a repeated request name one chat, whoever asks and however often at once:
-- 'direct:<lower>:<higher>', 'telegram:<bot>:<chat>', 'new:<creator>:<uuid>'.
create sequence chat_id;
create table chat_key (
  key text primary key,
  chat_id bigint not null unique default nextval('chat_id')
);

create table chat (
  id bigint primary key,
  type text not null check (type in ('direct', 'group', 'channel', 'telegram')),
  title text,
  head_seq bigint not null,
  rev bigint not null,
  created_by bigint not null,
  created_ms bigint not null,
  deleted_ms bigint,
  telegram jsonb
) with (fillfactor = 70);

create table member (
  chat_id bigint not null,
  user_id bigint not null,
  role text not null check (role in ('owner', 'admin', 'member', 'reader')),
  joined_seq bigint not null,
  joined_ms bigint not null,
  left_ms bigint,
  rev bigint not null,
  delivered_seq bigint not null default 0,
  read_seq bigint not null default 0,
  primary key (chat_id, user_id)
) with (fillfactor = 70);
create index member_by_user on member (user_id, chat_id) where left_ms is null;

create table message (
  chat_id bigint not null,
  seq bigint not null,
  rev bigint not null,
  sender_id bigint not null,
  uuid text not null,
  kind text not null,
  body text not null,
  -- What most messages lack: entities, replyTo, forward, attachments, reactions, telegram, …
  detail jsonb,
  source text not null,
  ts bigint not null,
  edited_at bigint,
  deleted_at bigint,
  primary key (chat_id, seq),
  unique (chat_id, sender_id, uuid)
);

-- Everything in a chat that is not a new message, in rev order: the frame as clients get it.
create table change (
  chat_id bigint not null,
  rev bigint not null,
  frame jsonb not null,
  primary key (chat_id, rev)
);

-- First outcomes of commands that are not messages (L3), kept 30 days.
create table outcome (
  actor text not null,
  sender_id bigint not null,
  uuid text not null,
  outcome jsonb not null,
  decided_ms bigint not null,
  primary key (actor, sender_id, uuid)
);
create index outcome_by_age on outcome (decided_ms);

-- Commands from one actor to another: here from the commit that caused them to the commit that applied them.
create table relay (
  id text primary key,
  source_shard integer not null,
  target_kind text not null,
  target_id bigint not null,
  command jsonb not null,
  created_ms bigint not null
);
create index relay_by_source on relay (source_shard);

-- A user's own sequence of changes (chats joined and left), healed like a chat's.
create table user_feed (
  user_id bigint primary key,
  rev bigint not null
) with (fillfactor = 70);
create table user_change (
  user_id bigint not null,
  rev bigint not null,
  chat_id bigint not null,
  chat_rev bigint not null,
  added boolean not null,
  primary key (user_id, rev)
);
create index user_change_by_chat on user_change (user_id, chat_id, chat_rev desc);
