/** The commands a bot offers, by scope and language. */
import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

export interface BotMenuCommand {
  readonly command: string;
  readonly description: string;
}

export interface BotMenuKey {
  readonly botId: UserId;
  /** `default`, `all_private_chats`, `chat:5`, `chat_administrators:5`, `chat_member:5:7`, … */
  readonly scope: string;
  /** ISO 639-1; empty: all that have no menu of their own. */
  readonly language: string;
}

/** An empty list takes the menu away. */
export async function writeBotCommands(
  db: Queryable,
  { botId, scope, language }: BotMenuKey,
  commands: readonly BotMenuCommand[],
): Promise<void> {
  if (commands.length === 0) {
    await db.query("delete from bot_command where bot_id = $1 and scope = $2 and language = $3", [
      botId,
      scope,
      language,
    ]);
    return;
  }
  await db.query(
    `insert into bot_command (bot_id, scope, language, commands) values ($1, $2, $3, $4)
     on conflict (bot_id, scope, language) do update set commands = excluded.commands`,
    [botId, scope, language, JSON.stringify(commands)],
  );
}

/** The menu of exactly this scope and language; empty when there is none. */
export async function readBotCommands(db: Queryable, key: BotMenuKey): Promise<readonly BotMenuCommand[]> {
  const { botId, scope, language } = key;
  return await resolveBotCommands(db, botId, [scope], [language]);
}

/**
 * The first menu there is: scopes from the narrowest to the widest, within a scope the languages in turn, as Telegram's
 * clients look for it.
 */
export async function resolveBotCommands(
  db: Queryable,
  botId: UserId,
  scopes: readonly string[],
  languages: readonly string[],
): Promise<readonly BotMenuCommand[]> {
  const { rows } = await db.query<{ commands: readonly BotMenuCommand[] }>({
    name: "resolve bot commands",
    text: `select commands from bot_command
           where bot_id = $1 and scope = any($2::text[]) and language = any($3::text[])
           order by array_position($2::text[], scope), array_position($3::text[], language) limit 1`,
    values: [botId, scopes, languages],
  });
  return rows[0]?.commands ?? [];
}
