drop function next_fact_version();
drop table fact_version;
