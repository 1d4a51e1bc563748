alter table chat alter column head_seq drop default;
update chat set head_seq = coalesce((select max(seq) from message where chat_id = chat.id), 0);
