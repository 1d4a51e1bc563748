drop table chat_setting;
