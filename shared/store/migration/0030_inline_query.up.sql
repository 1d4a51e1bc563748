-- What somebody asks a bot of ours, wherever they are; written by the bot's actor, answered by its program, once and in time. An
-- answer serves others that ask the same for as long as it says.
create table bot_inline (
  id bigint primary key,
  bot_id bigint not null,
  user_id bigint not null,
  query text not null,
  page text not null,
  -- The edge that waits for the answer.
  edge text not null,
  created_ms bigint not null,
  -- `{results, nextOffset}`
  answer jsonb,
  is_personal boolean not null default false,
  -- Others are answered the same until then.
  until_ms bigint not null default 0
) with (fillfactor = 80);
create index bot_inline_by_question on bot_inline (bot_id, query, page) where answer is not null;
create index bot_inline_by_age on bot_inline (created_ms);
