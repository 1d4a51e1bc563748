drop table bot_command;
drop table bot_callback;
drop table bot_consumer;
drop table bot_update;
drop table native_bot;
