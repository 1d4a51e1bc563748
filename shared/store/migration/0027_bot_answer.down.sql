drop table bot_answer;
