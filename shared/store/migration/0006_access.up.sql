-- Who may do what: API keys, what roles permit, and what a chat allows whom beside its members' roles.

alter table users drop constraint users_role_check;
alter table users add constraint users_role_check check (role in ('member', 'operator', 'service', 'admin'));

-- What each role permits; `*` is everything.
create table role_permission (
  role text not null check (role in ('member', 'operator', 'service', 'admin')),
  permission text not null,
  primary key (role, permission)
);
insert into role_permission (role, permission)
select role, permission
from unnest(array['member', 'operator', 'service']) as r(role),
  unnest(array['chats:read', 'chats:write', 'messages:read', 'messages:write', 'users:read', 'users:write',
    'bots:read', 'bots:manage', 'webhooks:manage', 'keys:manage', 'auth:introspect']) as p(permission)
union all values ('operator', 'cluster:read'), ('operator', 'cluster:manage'), ('admin', '*');

-- Counts changes of roles and of what they permit: whatever was read under an older version is read again. Triggers,
-- so that a change by hand is seen too.
create table access_version (
  only_row boolean primary key default true check (only_row),
  version bigint not null
);
insert into access_version (version) values (1);
create function count_access_change() returns trigger language plpgsql as $$
begin
  update access_version set version = version + 1;
  return null;
end $$;
create trigger role_changed after update of role on users
  for each statement execute function count_access_change();
create trigger role_permission_changed after insert or update or delete on role_permission
  for each statement execute function count_access_change();

-- Plain transactions of the edge. The secret is nowhere; `digest` is its Argon2id.
create table api_key (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  prefix text not null unique,
  digest text not null,
  name text not null,
  scopes text[] not null,
  -- Requests a minute; null: those of its user.
  rate_limit integer check (rate_limit > 0),
  created_ms bigint not null,
  expires_ms bigint,
  last_used_ms bigint,
  revoked_ms bigint,
  -- Deleted keys stay for as long as edges may have to find out; nobody sees them.
  deleted_ms bigint,
  -- The Idempotency-Key it was made under.
  request_uuid text,
  unique (user_id, request_uuid),
  check (deleted_ms is null or revoked_ms is not null)
) with (fillfactor = 80);
create index api_key_by_user on api_key (user_id, id) where deleted_ms is null;
create index api_key_by_revocation on api_key (revoked_ms) where revoked_ms is not null;

-- Rows of the chat's actor. Null: as the membership says. An entry that was taken back keeps its row, for `since_seq`.
create table chat_acl (
  chat_id bigint not null,
  -- `user:5` or `key:7`.
  subject text not null,
  can_read boolean,
  can_send boolean,
  can_manage boolean,
  -- The chat's head and rev when the entry was last changed: what came before is history, not news.
  since_seq bigint not null,
  rev bigint not null,
  changed_ms bigint not null,
  primary key (chat_id, subject)
) with (fillfactor = 80);
create index chat_acl_by_subject on chat_acl (subject, chat_id);
