drop index message_by_telegram;
alter table bot drop column on_unknown;
drop table telegram_send;
