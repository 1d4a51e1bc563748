drop table bot_usage;
drop table callback_token;
drop table bot_memory;
drop table bot_program;
