import type { ChatFacts } from "@rookery/chat";
import type { Facts } from "@rookery/host";
import { type Queryable, readEndpointFacts, readFactVersion, readNativeBotFacts } from "@rookery/store";

/** The facts of our actors, each part by a reader of its own. The version first: what is read after it may only be newer. */
export async function readFacts(db: Queryable, before: Facts | null): Promise<Facts> {
  const version = await readFactVersion(db);
  if (before?.version === version) return before;
  const known = before === null ? null : { version: before.version, ...(before.value as ChatFacts) };
  const [bots, endpoints] = await Promise.all([readNativeBotFacts(db), readEndpointFacts(db, known)]);
  const nativeBots = new Map(bots.map((bot) => [bot.id, bot]));
  return { version, value: { nativeBots, endpoints } satisfies ChatFacts };
}
