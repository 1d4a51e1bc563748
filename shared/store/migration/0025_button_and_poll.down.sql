drop index callback_token_by_entity;
alter table callback_token drop column entity;
drop index telegram_send_by_poll;
alter table telegram_send drop column poll_id;
