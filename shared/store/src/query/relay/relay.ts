import type { Queryable } from "../../pool.ts";
import type { RelayRow } from "../../table.ts";

const columns = `id, source_shard as "sourceShard", target_kind as "targetKind", target_id as "targetId", command,
  created_ms as "createdMs", request_id as "requestId"`;

/** Commands between actors that these shards have committed and whose targets have not applied them, oldest first. */
export async function listRelays(
  db: Queryable,
  sourceShards: readonly number[],
  page: { readonly olderThanMs: number; readonly limit: number },
): Promise<RelayRow[]> {
  const { rows } = await db.query<RelayRow>({
    name: "list relays",
    text: `select ${columns} from relay where source_shard = any($1::int[])
             and created_ms <= (extract(epoch from clock_timestamp()) * 1000)::bigint - $2
           order by created_ms limit $3`,
    values: [sourceShards, page.olderThanMs, page.limit],
  });
  return rows;
}

/** What a bot's answers have for a chat, and the chat has not applied; oldest first. */
export async function listAnswerRelays(
  db: Queryable,
  about: { readonly sourceShard: number; readonly botId: number; readonly chatId: number },
): Promise<RelayRow[]> {
  const { rows } = await db.query<RelayRow>({
    name: "list answer relays",
    text: `select ${columns} from relay
           where source_shard = $1 and target_kind = 'chat' and target_id = $2 and starts_with(id, $3)
           order by created_ms`,
    values: [about.sourceShard, about.chatId, `bot-${about.botId}-`],
  });
  return rows;
}
