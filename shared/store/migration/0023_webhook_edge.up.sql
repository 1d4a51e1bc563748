-- Under which Idempotency-Key an endpoint's secret was changed, so that the same request again has the same answer.
alter table webhook_secret add column request_uuid text;
create unique index webhook_secret_by_request on webhook_secret (endpoint_id, kind, request_uuid);

-- Finds dead letters, which are few among what was delivered.
create index webhook_delivery_dead on webhook_delivery (endpoint_id, created_ms, id) where state = 'dead';
