import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** What a chat's actor has to know of a bot of our own to tell it what is meant for it. */
export interface NativeBotFact {
  readonly id: UserId;
  readonly username: string;
  readonly privacyMode: boolean;
  /** Null: the default set. */
  readonly allowedUpdates: readonly string[] | null;
}

/** All living bots of our own: facts (`fact-version.ts`), so whoever changes one takes the next version. */
export async function readNativeBotFacts(db: Queryable): Promise<NativeBotFact[]> {
  const { rows } = await db.query<NativeBotFact>({
    name: "read native bot facts",
    text: `select n.bot_id as id, b.username, n.privacy_mode as "privacyMode", n.allowed_updates as "allowedUpdates"
           from native_bot n join bot b on b.id = n.bot_id where b.deleted_ms is null order by n.bot_id`,
  });
  return rows;
}
