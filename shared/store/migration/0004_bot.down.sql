drop table telegram_user;
drop table bot;
