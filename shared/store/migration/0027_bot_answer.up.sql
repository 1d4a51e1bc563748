-- Answers to calls of native bots that had a name (`Idempotency-Key`): a repeat within a day is answered the same. Plain transactions
-- of edges; what a call did to a chat is named in the chat too, so that a crash before this row is written does nothing twice.
create table bot_answer (
  bot_id bigint not null,
  key text not null,
  -- What was called, in lower case: one name is for one call.
  method text not null,
  envelope text not null,
  created_ms bigint not null,
  primary key (bot_id, key)
);
create index bot_answer_by_age on bot_answer (created_ms);
