-- How far members have come in a chat. Written by the chat's actor, many marks a row, because many move at once: in a chat of
-- a thousand all of them read within a second. One row up to 1,024 marks, then twice as many rows each time they double;
-- somebody's mark is in the row `user_id % blocks`.
create table receipt (
  chat_id bigint not null,
  block integer not null,
  blocks integer not null,
  -- Counts the chat's changes of marks: that of the row written last is the chat's.
  rev bigint not null,
  -- {"<user>": [delivered_seq, read_seq]}
  marks jsonb not null,
  primary key (chat_id, block)
) with (fillfactor = 50);

alter table member drop column delivered_seq, drop column read_seq;
