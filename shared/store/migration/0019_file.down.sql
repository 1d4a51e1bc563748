drop table bot_setting;
drop index message_by_file;
drop table file_secret;
drop table file;
