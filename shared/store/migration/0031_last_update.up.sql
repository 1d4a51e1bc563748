-- The highest update of Telegram's that was decided in a chat: one above it is no repeat, and is not looked for. Chats that are there
-- already are looked into as before.
alter table chat add column last_update_id bigint;
