-- A group that becomes a supergroup has two ids at Telegram and stays one chat here: two keys may name it.
alter table chat_key drop constraint chat_key_chat_id_key;
create index chat_key_by_chat on chat_key (chat_id);

-- A webhook's secret before it was changed: taken until `previous_until_ms`, null for as long as Telegram does not know the new one.
alter table bot add column previous_digest bytea, add column previous_until_ms bigint;
-- What Telegram tells of the webhook (getWebhookInfo), and when it was asked last.
alter table bot add column watched_ms bigint not null default 0, add column telegram_error text,
  add column telegram_error_ms bigint, add column telegram_pending integer not null default 0;
