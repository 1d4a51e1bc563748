-- Outgoing webhooks. Endpoints and their secrets are written by edges in plain transactions; events and deliveries by actors in the
-- commit that holds what happened, or by edges (tests) and couriers (what became of an endpoint); what becomes of a delivery by the
-- courier that owns the endpoint's job shard, under its epoch.

create table webhook_endpoint (
  id bigint generated always as identity primary key,
  owner_id bigint not null references users,
  url text not null,
  scope text not null check (scope in ('chat', 'reply', 'bot', 'all')),
  chat_id bigint,
  bot_id bigint,
  -- The types it takes; null: all of its scope.
  events text[],
  -- A chat's deliveries one after the other, in the chat's order.
  fifo boolean not null default false,
  -- Attempts a second; null: as many as there are.
  rate_limit integer check (rate_limit > 0),
  -- Attempts at once; null: the courier's default.
  concurrency integer check (concurrency > 0),
  timeout_ms integer not null default 15000 check (timeout_ms between 1000 and 30000),
  -- Null: the default schedule.
  retry jsonb,
  status text not null default 'enabled' check (status in ('enabled', 'disabled')),
  disabled_reason text,
  disabled_ms bigint,
  -- Since when no attempt has succeeded; null: the last one did.
  failing_since_ms bigint,
  -- Counts what a courier has to know: also changes of its secrets.
  version integer not null default 1,
  -- The facts' number of its last change (trigger).
  fact_version bigint not null default 0,
  -- The Idempotency-Key it was made under.
  request_uuid text,
  created_ms bigint not null,
  deleted_ms bigint,
  check ((scope = 'chat') = (chat_id is not null)),
  check ((scope in ('reply', 'bot')) = (bot_id is not null)),
  unique (owner_id, request_uuid)
) with (fillfactor = 80);
create index webhook_endpoint_by_owner on webhook_endpoint (owner_id, id) where deleted_ms is null;
create index webhook_endpoint_by_fact on webhook_endpoint (fact_version);

-- Which endpoints there are is a fact that chats decide by: whoever changes one numbers the change. How it fares is none.
create function number_webhook_endpoint() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' or (to_jsonb(old) - array['failing_since_ms', 'fact_version'])
    is distinct from (to_jsonb(new) - array['failing_since_ms', 'fact_version']) then
    new.fact_version := next_fact_version();
  end if;
  return new;
end $$;
create trigger webhook_endpoint_fact before insert or update on webhook_endpoint
  for each row execute function number_webhook_endpoint();

-- What an owner may have depends on who they are, and what a bot says on its being there: these are facts of their endpoints too.
create function renumber_webhook_endpoint() returns trigger language plpgsql as $$
begin
  update webhook_endpoint set version = version + 1 where deleted_ms is null
    and case tg_table_name when 'users' then owner_id = new.id else bot_id = new.id end;
  return null;
end $$;
create trigger webhook_endpoint_owner after update of role, disabled_ms on users
  for each row when (old.role is distinct from new.role or old.disabled_ms is distinct from new.disabled_ms)
  execute function renumber_webhook_endpoint();
create trigger webhook_endpoint_bot after update of deleted_ms on bot
  for each row when (old.deleted_ms is distinct from new.deleted_ms)
  execute function renumber_webhook_endpoint();
create index webhook_endpoint_by_bot on webhook_endpoint (bot_id) where deleted_ms is null;

-- What deliveries are signed with, sealed (`@rookery/auth`, secret-box.ts). Several while one takes another's place.
create table webhook_secret (
  id bigint generated always as identity primary key,
  endpoint_id bigint not null references webhook_endpoint,
  kind text not null check (kind in ('v1', 'v1a')),
  key_id text not null,
  box bytea not null,
  -- Of v1a what whoever verifies needs (whpk_…).
  public text,
  created_ms bigint not null,
  -- Null: until further notice.
  expires_ms bigint
);
create index webhook_secret_by_endpoint on webhook_secret (endpoint_id);

-- What happened, once, whoever is told: the very bytes of the body, so that a signature made again is of the same.
create table webhook_event (
  -- '<chat>m<seq>', '<chat>c<rev>', '<chat>r<receiptRev>', '<chat>b', '<bot>u<updateId>', … : no two things that happen have one.
  id text primary key,
  type text not null,
  payload text not null,
  created_ms bigint not null
);
create index webhook_event_by_time on webhook_event (created_ms);

-- One event on its way to one endpoint. No foreign keys: every commit would lock endpoints' rows.
create table webhook_delivery (
  -- The header `webhook-id`: 'msg_<endpoint>_<event>'.
  id text primary key,
  endpoint_id bigint not null,
  event_id text not null,
  type text not null,
  chat_id bigint,
  -- The order in the chat, whatever the type; `sub` where several stand at one place.
  place bigint not null,
  sub bigint not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
  -- All there were; `tries` are those since it was made or last replayed: its place in the schedule.
  attempts integer not null default 0,
  tries integer not null default 0,
  -- When it is to be tried.
  next_ms bigint not null,
  -- Of the last attempt.
  status integer,
  error text,
  created_ms bigint not null,
  done_ms bigint
) with (fillfactor = 70);
create index webhook_delivery_pending on webhook_delivery (endpoint_id, next_ms) where state = 'pending';
create index webhook_delivery_by_endpoint on webhook_delivery (endpoint_id, created_ms, id);

create table webhook_attempt (
  delivery_id text not null,
  n integer not null,
  at_ms bigint not null,
  latency_ms integer not null,
  -- Of the answer; null: there was none.
  status integer,
  error text,
  -- What the answer said, cut.
  response text,
  primary key (delivery_id, n)
);
