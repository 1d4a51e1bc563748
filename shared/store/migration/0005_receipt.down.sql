alter table member
  add column delivered_seq bigint not null default 0,
  add column read_seq bigint not null default 0;
update member m set
  delivered_seq = (r.marks->(m.user_id::text)->>0)::bigint,
  read_seq = (r.marks->(m.user_id::text)->>1)::bigint
from receipt r
where r.chat_id = m.chat_id and r.block = m.user_id % r.blocks and r.marks ? m.user_id::text;
drop table receipt;
