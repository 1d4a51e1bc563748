-- People and bots, their sessions and refresh tokens. Plain transactions of the edge; no actor's rows.

-- `username_key` and `email_key` are what is compared: `accountKey` of the column beside them, so that no two
-- accounts differ only by case or by the way their characters are composed. Null is nobody's.
create table users (
  id bigint generated always as identity primary key,
  username text,
  username_key text unique,
  email text,
  email_key text unique,
  display_name text not null,
  -- The words of username and display name, for `?query=`.
  search tsvector not null default '',
  -- bcrypt; null for bots, people who came by Telegram, and everyone else who cannot log in by password.
  password_hash text,
  role text not null default 'member' check (role in ('member', 'admin')),
  is_bot boolean not null default false,
  created_ms bigint not null,
  -- The Idempotency-Key it was made under: a repeat of the request is told from a stranger's.
  request_uuid text,
  last_seen_ms bigint,
  check ((username is null) = (username_key is null)),
  check ((email is null) = (email_key is null))
);
create index users_by_search on users using gin (search);

-- A login on one device. It is the family of its refresh tokens: the one of `generation` is the current one.
create table session (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  generation integer not null default 0,
  created_ms bigint not null,
  refreshed_ms bigint not null,
  expires_ms bigint not null,
  ended_ms bigint,
  end_reason text check (end_reason in ('logout', 'logout_all', 'password', 'revoked', 'refresh_reused', 'too_many')),
  user_agent text,
  address text,
  check ((ended_ms is null) = (end_reason is null))
) with (fillfactor = 80);
create index session_by_user on session (user_id);

-- Every token a family ever had, as SHA-256, so that an old one is known for what it is when it comes back.
create table refresh_token (
  digest bytea primary key,
  session_id bigint not null references session on delete cascade,
  generation integer not null,
  created_ms bigint not null,
  unique (session_id, generation)
);
