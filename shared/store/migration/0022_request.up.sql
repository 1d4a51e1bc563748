-- The request that led to it, so that it is followed through the logs also where something waits in between.
alter table relay add column request_id text;
alter table telegram_update add column request_id text;
alter table broadcast add column request_id text;
-- The last one that changed what Telegram is to know of the bot.
alter table bot add column request_id text;
