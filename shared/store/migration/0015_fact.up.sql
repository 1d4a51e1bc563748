-- What actors decide by and no actor owns (webhook endpoints, native bots): one number counts all changes of it. Whoever
-- changes it takes the next number in the same transaction, so changes are numbered in the order in which they commit. A
-- commit names the number it was decided with, and is refused when that is not the number of today.
create table fact_version (
  only_row boolean primary key default true check (only_row),
  version bigint not null
) with (fillfactor = 50);
insert into fact_version (version) values (1);

-- Whoever has a number holds the row until the transaction ends.
create function next_fact_version() returns bigint language sql as $$
  update fact_version set version = version + 1 returning version
$$;
