drop index telegram_update_judged;
alter table telegram_update drop column flood;
alter table telegram_update drop column is_command;
alter table telegram_update drop column person_id;
