alter table bot drop column request_id;
alter table broadcast drop column request_id;
alter table telegram_update drop column request_id;
alter table relay drop column request_id;
