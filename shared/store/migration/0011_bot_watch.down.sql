alter table bot drop column watched_ms, drop column telegram_error, drop column telegram_error_ms, drop column telegram_pending;
alter table bot drop column previous_digest, drop column previous_until_ms;
drop index chat_key_by_chat;
delete from chat_key k where key <> (select min(key) from chat_key o where o.chat_id = k.chat_id);
alter table chat_key add constraint chat_key_chat_id_key unique (chat_id);
