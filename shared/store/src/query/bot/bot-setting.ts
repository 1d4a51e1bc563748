/** What a bot says of itself, by language or chat. */
import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

export interface BotSettingKey {
  readonly botId: UserId;
  readonly name: "name" | "description" | "short_description" | "menu_button" | "admin_rights";
  /** A language, a chat, or a kind of chats; empty: all that have none of their own. */
  readonly key: string;
}

/** Null takes it away. */
export async function writeBotSetting(
  db: Queryable,
  { botId, name, key }: BotSettingKey,
  value: unknown,
): Promise<void> {
  if (value === null) {
    await db.query("delete from bot_setting where bot_id = $1 and name = $2 and key = $3", [
      botId,
      name,
      key,
    ]);
    return;
  }
  await db.query(
    `insert into bot_setting (bot_id, name, key, value) values ($1, $2, $3, $4)
     on conflict (bot_id, name, key) do update set value = excluded.value`,
    [botId, name, key, JSON.stringify(value)],
  );
}

/** That of the key, else that of all; undefined: none. */
export async function readBotSetting(db: Queryable, { botId, name, key }: BotSettingKey): Promise<unknown> {
  const { rows } = await db.query<{ value: unknown }>({
    name: "read bot setting",
    text: `select value from bot_setting where bot_id = $1 and name = $2 and key in ($3, '')
           order by key = '' limit 1`,
    values: [botId, name, key],
  });
  return rows[0]?.value;
}
