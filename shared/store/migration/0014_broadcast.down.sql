drop index chat_by_bot;
drop table broadcast_target;
drop table broadcast;
