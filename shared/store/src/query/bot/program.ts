/** How a bot answers: its tables, as its owner writes them and as its courier reads them. */
import type { RouteTable, ServiceTable, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { SealedColumns } from "./bot.ts";

export interface BotProgram {
  readonly routes: RouteTable;
  /** Header values are not in it. */
  readonly services: ServiceTable;
  readonly headers: SealedColumns | null;
  readonly commandsStatus: "pending" | "set" | "failed" | "off";
  readonly commandsError: string | null;
}

/** Under which the values of headers are sealed. */
export function headersOwner(botId: UserId): string {
  return `bot:${botId}:headers`;
}

/** A bot of this owner's; null when there is none. One that was never written has empty tables. */
export async function readProgram(
  db: Queryable,
  key: { readonly id: UserId; readonly ownerId: UserId },
): Promise<BotProgram | null> {
  const { rows } = await db.query<Omit<BotProgram, "headers"> & { keyId: string | null; box: Buffer | null }>(
    {
      name: "read bot program",
      text: `select coalesce(p.routes, '{}') as routes, coalesce(p.services, '{}') as services,
             p.headers_key_id as "keyId", p.headers_box as box,
             coalesce(p.commands_status, 'off') as "commandsStatus", p.commands_error as "commandsError"
           from bot b left join bot_program p on p.bot_id = b.id
           where b.id = $1 and b.owner_id = $2 and b.deleted_ms is null`,
      values: [key.id, key.ownerId],
    },
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { keyId, box, ...program } = row;
  return { ...program, headers: keyId === null || box === null ? null : { keyId, box } };
}

/** Routes in place of those there are; Telegram is told of the commands anew. A bot with any is routed from now on. */
export async function writeRoutes(
  db: Queryable,
  botId: UserId,
  routes: RouteTable,
  { isRouted, nowMs }: { readonly isRouted: boolean; readonly nowMs: number },
): Promise<void> {
  await db.query({
    name: "write bot routes",
    text: `with routed as (
             update bot set routed = $3
               or exists (select from bot_dialog d where d.bot_id = $1 and d.book::text <> '{}')
             where id = $1)
           insert into bot_program (bot_id, routes, commands_status, next_attempt_ms)
           values ($1, $2, 'pending', $4)
           on conflict (bot_id) do update set routes = excluded.routes, version = bot_program.version + 1,
             commands_status = 'pending', commands_error = null, attempts = 0,
             next_attempt_ms = excluded.next_attempt_ms`,
    values: [botId, JSON.stringify(routes), isRouted, nowMs],
  });
}

/** Services in place of those there are. */
export async function writeServices(
  db: Queryable,
  botId: UserId,
  services: ServiceTable,
  headers: SealedColumns | null,
): Promise<void> {
  await db.query({
    name: "write bot services",
    text: `insert into bot_program (bot_id, services, headers_key_id, headers_box) values ($1, $2, $3, $4)
           on conflict (bot_id) do update set services = excluded.services, version = bot_program.version + 1,
             headers_key_id = excluded.headers_key_id, headers_box = excluded.headers_box`,
    values: [botId, JSON.stringify(services), headers?.keyId ?? null, headers?.box ?? null],
  });
}

/** A bot whose updates somebody here answers. */
export interface RoutedBot {
  readonly id: UserId;
  readonly username: string;
  readonly token: SealedColumns;
  /** 0: there is no program yet. */
  readonly version: number;
  readonly routes: RouteTable;
  readonly services: ServiceTable;
  readonly headers: SealedColumns | null;
  /** As their author wrote them; null: there were never any. */
  readonly dialogs: object | null;
}

/** These bots as they are now; those deleted are left out. */
export async function readRoutedBots(db: Queryable, botIds: readonly UserId[]): Promise<RoutedBot[]> {
  const { rows } = await db.query<
    Omit<RoutedBot, "token" | "headers"> & {
      tokenKeyId: string;
      tokenBox: Buffer;
      headersKeyId: string | null;
      headersBox: Buffer | null;
    }
  >({
    name: "read routed bots",
    text: `select b.id, b.username, b.token_key_id as "tokenKeyId", b.token_box as "tokenBox",
             coalesce(p.version, 0) as version, coalesce(p.routes, '{}') as routes,
             coalesce(p.services, '{}') as services,
             p.headers_key_id as "headersKeyId", p.headers_box as "headersBox", d.book as dialogs
           from bot b left join bot_program p on p.bot_id = b.id left join bot_dialog d on d.bot_id = b.id
           where b.id = any($1::bigint[]) and b.deleted_ms is null`,
    values: [botIds],
  });
  return rows.map(({ tokenKeyId, tokenBox, headersKeyId, headersBox, ...bot }) => ({
    ...bot,
    token: { keyId: tokenKeyId, box: tokenBox },
    headers: headersKeyId === null || headersBox === null ? null : { keyId: headersKeyId, box: headersBox },
  }));
}

/** What Telegram is to be told of a bot's commands. */
export interface CommandWork {
  readonly botId: UserId;
  readonly token: SealedColumns;
  readonly routes: RouteTable;
  readonly dialogs: object | null;
  readonly version: number;
  readonly attempts: number;
}

/** Telegram is told of the commands anew, where there are any. */
export async function retellCommands(db: Queryable, botId: UserId, nowMs: number): Promise<void> {
  await db.query({
    name: "retell bot commands",
    text: `update bot_program set version = version + 1, commands_status = 'pending', commands_error = null,
             attempts = 0, next_attempt_ms = $2
           where bot_id = $1 and commands_status <> 'off'`,
    values: [botId, nowMs],
  });
}

/** What is due, the oldest first. */
export async function dueCommandWork(
  db: Queryable,
  due: { readonly nowMs: number; readonly limit: number },
): Promise<CommandWork[]> {
  const { rows } = await db.query<Omit<CommandWork, "token"> & { keyId: string; box: Buffer }>({
    name: "due command work",
    text: `select p.bot_id as "botId", b.token_key_id as "keyId", b.token_box as box, p.routes, d.book as dialogs,
             p.version, p.attempts
           from bot_program p join bot b on b.id = p.bot_id left join bot_dialog d on d.bot_id = p.bot_id
           where p.next_attempt_ms <= $1 and b.deleted_ms is null and b.mode <> 'native'
           order by p.next_attempt_ms limit $2`,
    values: [due.nowMs, due.limit],
  });
  return rows.map(({ keyId, box, ...work }) => ({ ...work, token: { keyId, box } }));
}

/** What an attempt led to. It counts for the version it was made for; tables that changed meanwhile are due anew. */
export async function finishCommandWork(
  db: Queryable,
  result: {
    readonly botId: UserId;
    readonly version: number;
    readonly status: "pending" | "set" | "failed";
    readonly error: string | null;
    readonly nextAttemptMs: number | null;
  },
): Promise<void> {
  await db.query({
    name: "finish command work",
    text: `update bot_program set commands_status = $3, commands_error = $4, next_attempt_ms = $5,
             attempts = case when $5::bigint is null then 0 else attempts + 1 end
           where bot_id = $1 and version = $2`,
    values: [result.botId, result.version, result.status, result.error, result.nextAttemptMs],
  });
}
