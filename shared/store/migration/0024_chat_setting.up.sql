-- What a chat is and allows beside its title and its members' roles; rows of the chat's actor, read whole when it wakes.
create table chat_setting (
  chat_id bigint not null,
  -- 'about': the chat; 'trait': one person there; 'link': how people come; 'request': who asks to.
  kind text not null check (kind in ('about', 'trait', 'link', 'request')),
  -- A user's id or a link's code; '' of the chat itself.
  key text not null,
  -- Null: there is none any more.
  value jsonb,
  changed_ms bigint not null,
  primary key (chat_id, kind, key)
) with (fillfactor = 80);
create unique index chat_setting_link on chat_setting (key) where kind = 'link';
create index chat_setting_photo on chat_setting ((value #>> '{photo,fileId}')) where kind = 'about';
