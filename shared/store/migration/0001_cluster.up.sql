-- The cluster's fixed facts, and who owns which shard.
create table cluster (
  only_row boolean primary key default true check (only_row),
  shards integer not null check (shards between 1 and 65536),
  hash_version integer not null,
  created_ms bigint not null
);

-- One row a shard. `log` shards host chat and user actors, `job` shards host endpoint and bot actors.
-- The row is the fence (L2): a commit succeeds only under the epoch it was claimed with.
create table shard (
  kind text not null check (kind in ('log', 'job')),
  id integer not null,
  epoch bigint not null default 0,
  owner text,
  claimed_ms bigint,
  -- The log's incarnation, the last applied message and what is needed to recognise it (L6).
  log_id text,
  applied_seq bigint not null default 0,
  applied_msg_id text,
  applied_ms bigint,
  -- The last commit under this epoch: what tells a commit whose answer was lost from one that never came.
  commit_id bigint not null default 0,
  -- Owners that ended in a row without giving back or committing, and the command the last of them was at, written
  -- before it was tried (L8).
  deaths integer not null default 0,
  suspect jsonb,
  primary key (kind, id)
) with (fillfactor = 50);

-- Commands that could not be applied; the shard went on without them (L8).
create table dead_letter (
  id bigint generated always as identity primary key,
  shard integer not null,
  seq bigint not null,
  actor text not null,
  sender_id bigint not null,
  uuid text not null,
  -- As text: what Postgres refused as a value is kept with its escapes.
  command text not null,
  reason text not null,
  parked_ms bigint not null,
  retried_ms bigint
);
