alter table bot drop column routed;
drop table telegram_update;
