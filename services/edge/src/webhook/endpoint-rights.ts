/** Who may have which endpoint. What is decided here is what may be made; of each event the chat's actor decides anew. */
import { type Principal, scopesCover } from "@rookery/auth";
import { Fault } from "@rookery/protocol";
import { type EndpointSettings, isLivingBot, readBot, readRights, type Store } from "@rookery/store";
import type { Access } from "../identity/access.ts";

/** What an endpoint hears of, keys that may only manage webhooks must not come to hear by them. */
const heard = "messages:read";

/** @throws Fault `forbidden`; `not_found` for another's chat or bot, or one that is not there. */
export async function demandEndpoint(
  { store, access }: { readonly store: Store; readonly access: Access },
  by: Principal,
  { scope, chatId, botId }: Pick<EndpointSettings, "scope" | "chatId" | "botId">,
): Promise<void> {
  await access.demand(by, heard);
  const isAdmin = async (): Promise<boolean> => {
    const grants = await access.grantsOf(by.userId);
    return grants?.role === "admin" && (by.scopes === null || scopesCover(by.scopes, "cluster:read"));
  };
  switch (scope) {
    case "all":
      if (!(await isAdmin())) throw new Fault("forbidden", "the scope all is for admins");
      return;
    case "chat": {
      const rights = await readRights(store, chatId ?? 0, by);
      if (rights?.canRead !== true) throw new Fault("not_found", "there is no such chat");
      return;
    }
    case "bot":
    case "reply": {
      const isOwn = (await readBot(store, by.userId, botId ?? 0)) !== null;
      if (isOwn || ((await isAdmin()) && (await isLivingBot(store, botId ?? 0)))) return;
      throw new Fault("not_found", "there is no such bot");
    }
  }
}
