import type { Queryable } from "../../pool.ts";
import type { RelayRow } from "../../table.ts";

/**
 * Telegram knows the group under another id: its updates belong to the same chat, and the chat is told, by relay. True
 * whoever says it, so no epoch is asked; said again, it changes nothing.
 * @returns the relay, for whoever wants to send it at once.
 */
export async function moveTelegramChat(
  db: Queryable,
  move: {
    readonly botId: number;
    readonly chatId: number;
    readonly to: number;
    /** The log shard that carries word to the chat. */
    readonly shard: number;
    readonly nowMs: number;
    /** Of the request whose send met it. */
    readonly requestId?: string | undefined;
  },
): Promise<RelayRow> {
  const { botId, chatId, to, shard: sourceShard, nowMs: createdMs, requestId = null } = move;
  const command = { kind: "moved", telegramChatId: to };
  const id = `telegram:${chatId}/moved/${to}`;
  await db.query({
    name: "move telegram chat",
    text: `with linked as (insert into chat_key (key, chat_id) values ($1, $2) on conflict (key) do nothing)
           insert into relay (id, source_shard, target_kind, target_id, command, created_ms, request_id)
           values ($3, $4, 'chat', $2, $5, $6, $7) on conflict (id) do nothing`,
    values: [
      `telegram:${botId}:${to}`,
      chatId,
      id,
      sourceShard,
      JSON.stringify(command),
      createdMs,
      requestId,
    ],
  });
  return { id, sourceShard, targetKind: "chat", targetId: chatId, command, createdMs, requestId };
}
