-- What is to be sent to Telegram: written by chats' actors in the commit that holds the message, from then on the affair of the
-- courier that owns the bot's job shard. A chat's go in the order of `seq`.
create table telegram_send (
  -- '<chat>/<seq>'
  id text primary key,
  bot_id bigint not null,
  telegram_chat_id bigint not null,
  chat_id bigint not null,
  seq bigint not null,
  -- The send before it in the chat; 0: none. Whoever was not told of that one reads.
  prev_seq bigint not null,
  -- One of many: gives way to conversations.
  bulk boolean not null,
  -- What is said, in our words (`OutgoingMessage`).
  content jsonb not null,
  -- `sending` is committed before the bytes leave: after a crash its outcome is unknown.
  state text not null default 'pending' check (state in ('pending', 'sending', 'sent', 'failed', 'unknown')),
  attempts integer not null default 0,
  created_ms bigint not null,
  done_ms bigint,
  message_id bigint,
  error text
) with (fillfactor = 60);
create index telegram_send_open on telegram_send (bot_id, telegram_chat_id, seq) where state in ('pending', 'sending');

-- What becomes of a send whose outcome nobody knows: sent again (twice at most what was in flight), or marked and passed over.
alter table bot add column on_unknown text not null default 'repeat' check (on_unknown in ('repeat', 'mark'));

-- Finds the message that Telegram means by its own id: replies, edits and reactions speak of those.
create index message_by_telegram on message (chat_id, ((detail->'telegram'->>'messageId')::bigint))
  where detail ? 'telegram';
