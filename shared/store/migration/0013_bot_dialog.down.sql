drop table bot_dialog;
