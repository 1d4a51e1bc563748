drop table bot_inline;
