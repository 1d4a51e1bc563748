-- Every update of Telegram's, whole, as it came: written by the actor it was for (its chat's, else its bot's) in the commit that
-- applied it. One that is routed is also a job: `pending` until the courier that owns the bot has seen to it, in the order of
-- `update_id` within its chat.
create table telegram_update (
  bot_id bigint not null,
  update_id bigint not null,
  type text not null,
  -- Ours; null where the update is about no chat.
  chat_id bigint,
  -- The message it became, if it became one.
  seq bigint,
  raw jsonb not null,
  state text not null check (state in ('kept', 'pending', 'done', 'failed')),
  created_ms bigint not null,
  done_ms bigint,
  error text,
  primary key (bot_id, update_id)
) with (fillfactor = 90);
create index telegram_update_open on telegram_update (bot_id, update_id) where state = 'pending';
create index telegram_update_by_age on telegram_update (created_ms);

-- Somebody here answers the bot's people: updates are routed, not only kept.
alter table bot add column routed boolean not null default false;
