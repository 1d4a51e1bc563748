-- Telegram's own id of a poll that went there: votes name it so.
alter table telegram_send add column poll_id text;
create unique index telegram_send_by_poll on telegram_send (bot_id, poll_id) where poll_id is not null;

-- What buttons are about, as their service named it: they all stop working when it says so.
alter table callback_token add column entity text;
create index callback_token_by_entity on callback_token (bot_id, entity) where entity is not null;
