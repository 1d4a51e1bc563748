-- The dialogues of a bot as its owner wrote them (`@rookery/dialog-book`); `json` keeps what was written as it was. Plain
-- transactions of edges.
create table bot_dialog (
  bot_id bigint primary key references bot,
  book json not null,
  -- Counts changes: who holds an older one reads anew.
  version bigint not null default 1,
  updated_ms bigint not null
);
