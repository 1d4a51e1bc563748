import type { ChatFacts } from "@rookery/chat";
import type { Facts } from "@rookery/host";
import { type Queryable, readFactVersion, readNativeBotFacts } from "@rookery/store";

/** The facts of our actors, each part by a reader of its own. */
export async function readFacts(db: Queryable): Promise<Facts> {
  const version = await readFactVersion(db);
  const nativeBots = new Map((await readNativeBotFacts(db)).map((bot) => [bot.id, bot]));
  return { version, value: { nativeBots } satisfies ChatFacts };
}
