-- Edits and deletions go to Telegram as messages do, in the chat's order: a row is no more about one message of its own.
alter table telegram_send add column action text not null default 'send' check (action in ('send', 'edit', 'delete'));

-- Among all that goes to Telegram from the chat. Until now that was the message's place in the chat.
alter table telegram_send add column place bigint;
update telegram_send set place = seq;
alter table telegram_send alter column place set not null;
alter table telegram_send rename column prev_seq to prev_place;
drop index telegram_send_open;
create index telegram_send_open on telegram_send (bot_id, telegram_chat_id, place) where state in ('pending', 'sending');

update chat set telegram = (telegram - 'sentSeq') || jsonb_build_object('sentPlace', telegram->'sentSeq')
where telegram ? 'sentSeq';
