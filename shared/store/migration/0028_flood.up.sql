-- How an update was judged when its bot was asked whether the person is too fast: the counts of the last hour are in the rows, so
-- whoever answers the bot next counts on.
alter table telegram_update add column person_id bigint;
alter table telegram_update add column is_command boolean;
alter table telegram_update add column flood text check (flood in ('open', 'tell', 'silent'));
create index telegram_update_judged on telegram_update (bot_id, created_ms) where flood is not null;
