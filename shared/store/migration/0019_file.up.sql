-- Files of bots and people; what they hold lies by its SHA-256 where edges find it (`FILES_DIR`, or S3). Plain transactions of edges.
create table file (
  -- Cannot be guessed: whoever knows it was given it.
  id text primary key,
  digest bytea not null,
  size bigint not null,
  -- By its first bytes, whatever its sender said.
  mime text not null,
  name text,
  width integer,
  height integer,
  owner_id bigint not null references users,
  created_ms bigint not null
);
create index file_by_owner on file (owner_id, created_ms);

-- Signs what a bot calls a file, so that no bot makes the name of another's; made by the first that needs it. In plain: whoever
-- reads this table reads the files' own names beside it.
create table file_secret (
  is_only boolean primary key default true check (is_only),
  secret text not null
);

-- Whether somebody reads a chat in which a file stands.
create index message_by_file on message using gin ((detail -> 'attachments') jsonb_path_ops) where detail ? 'attachments';

-- What a bot says of itself: `name`, `description`, `short_description` by language ('' for all), `menu_button` by chat ('' for all).
create table bot_setting (
  bot_id bigint not null references bot,
  name text not null,
  key text not null,
  value jsonb not null,
  primary key (bot_id, name, key)
);
