drop index webhook_delivery_dead;
drop index webhook_secret_by_request;
alter table webhook_secret drop column request_uuid;
