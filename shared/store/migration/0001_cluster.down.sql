drop table dead_letter;
drop table shard;
drop table cluster;
