import type { Principal } from "@rookery/auth";
import { type ChatId, type ChatRights, Fault } from "@rookery/protocol";
import { readRights, type Store } from "@rookery/store";

/**
 * What the caller may do in a chat that they may read.
 * @throws Fault `not_found` to strangers, `forbidden` to members from whom reading was taken.
 */
export async function demandReading(store: Store, chatId: ChatId, by: Principal): Promise<ChatRights> {
  const rights = await readRights(store, chatId, by);
  if (rights?.canRead === true) return rights;
  if (rights?.isMember === true) throw new Fault("forbidden", "you may not read this chat");
  throw new Fault("not_found", "there is no such chat");
}
