drop table webhook_attempt;
drop table webhook_delivery;
drop table webhook_event;
drop table webhook_secret;
drop trigger webhook_endpoint_owner on users;
drop trigger webhook_endpoint_bot on bot;
drop function renumber_webhook_endpoint();
drop table webhook_endpoint;
drop function number_webhook_endpoint();
