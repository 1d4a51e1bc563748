-- Accounts: who they are to services, where their sessions are used, what happened to them.

-- `language` as IETF tags say it (`de`, `pt-BR`); `specialisation` is free text, by which services choose executors.
alter table users
  add column language text,
  add column specialisation text,
  -- Nobody logs in to a disabled account; its sessions have ended, its keys are none.
  add column disabled_ms bigint;
-- A disabled account's rights end with it: whatever was read of them is read again.
drop trigger role_changed on users;
create trigger role_changed after update of role, disabled_ms on users
  for each statement execute function count_access_change();
create index users_by_specialisation on users (specialisation, id) where specialisation is not null;

-- `device` is the client's own name for itself; `used_ms` is written in batches, some seconds late.
alter table session
  add column device text,
  add column used_ms bigint,
  drop constraint session_end_reason_check,
  add constraint session_end_reason_check check (end_reason in
    ('logout', 'logout_all', 'password', 'revoked', 'refresh_reused', 'too_many', 'disabled'));
-- By which edges find what has ended though nobody told them, and what can be swept.
create index session_by_end on session (ended_ms) where ended_ms is not null;
create index session_by_expiry on session (expires_ms);

-- Logins by Telegram that were used, as SHA-256 of their hash, until they are too old to be used again anyway.
create table telegram_login (
  digest bytea primary key,
  expires_ms bigint not null
);
create index telegram_login_by_expiry on telegram_login (expires_ms);

-- The owner of the bots by which alone the account is known; null when it is known by several owners' or was linked.
-- Whoever holds a bot's token can sign for anybody: only an administrator's bots are believed about whom others know.
alter table telegram_user add column vouched_by bigint;

-- What happened to accounts and keys, for whoever has to find out. Never a secret, never a name somebody typed.
-- No foreign keys: it outlives what it tells of, until its retention ends.
create table audit (
  id bigint generated always as identity primary key,
  at_ms bigint not null,
  kind text not null,
  -- Whose account it concerns; null when it is nobody's.
  user_id bigint,
  -- Who did it, when it was somebody else; null for an operator's command.
  actor_id bigint,
  session_id bigint,
  key_id bigint,
  address text,
  request_id text,
  detail jsonb
);
create index audit_by_user on audit (user_id, id) where user_id is not null;
create index audit_by_time on audit (at_ms);
