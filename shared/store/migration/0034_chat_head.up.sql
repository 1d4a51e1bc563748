-- A chat stands where its last message stands, which the primary key of `message` tells, and the version before reads it
-- there already. Kept here too, every message wrote its chat's row: a third of what a message cost Postgres. Nobody reads
-- or writes the column from here on; a later step drops it.
alter table chat alter column head_seq set default 0;
