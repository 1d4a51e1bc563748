/** What the control door tells of the simulator. */
import type { Bot } from "../world/bot.ts";
import type { Json } from "../world/message.ts";
import type { Stage } from "./control.ts";
import type { Fields } from "./fields.ts";

const limitDefault = 1_000;

export function encodeBot(bot: Bot, nowMs: number): Json {
  const { id, token, user, webhook, updates, lastError } = bot;
  return {
    id,
    token,
    username: user.username,
    webhook: webhook === null ? null : { url: webhook.url, maxConnections: webhook.maxConnections },
    allowedUpdates: updates.allowed ?? null,
    pendingUpdates: updates.list(nowMs).length,
    lastError,
  };
}

export function encodeState({ world, journal, deliveries }: Stage): Json {
  const { violations, calls, seen, forgotten } = journal;
  const byMethod: Record<string, number> = {};
  for (const { method } of calls) byMethod[method] = (byMethod[method] ?? 0) + 1;
  return {
    bots: [...world.bots.values()].map((bot) => encodeBot(bot, world.now())),
    users: [...world.users.values()],
    calls: byMethod,
    refused: calls.filter(({ status }) => status !== null && status >= 400).length,
    seen: seen.length,
    unknownOutcomes: seen.filter(({ outcome }) => outcome === "unknown").length,
    deliveries: deliveries.length,
    forgotten,
    violations: {
      bot: violations.filter(({ scope }) => scope === "bot").length,
      chat: violations.filter(({ scope }) => scope === "chat").length,
      group: violations.filter(({ scope }) => scope === "group").length,
      early: violations.filter(({ isEarly }) => isEarly).length,
    },
  };
}

/** `next` is the `after` of the next page. */
export function encodeJournal({ journal }: Stage, query: Fields): Json {
  const userId = query.text("user") === undefined ? undefined : query.person("user").id;
  const botId = query.text("bot") === undefined ? undefined : query.bot("bot").id;
  const kind = query.text("kind");
  const found = journal.seen.filter(
    (each) =>
      each.seq > (query.integer("after") ?? 0) &&
      (userId === undefined || each.userIds.includes(userId)) &&
      (botId === undefined || each.botId === botId) &&
      (kind === undefined || each.kind === kind),
  );
  return page(found, query);
}

export function encodeCalls({ journal }: Stage, query: Fields): Json {
  const method = query.text("method")?.toLowerCase();
  const found = journal.calls.filter(
    (each) =>
      each.seq > (query.integer("after") ?? 0) &&
      (method === undefined || each.method.toLowerCase() === method),
  );
  return page(found, query);
}

function page(found: readonly { readonly seq: number }[], query: Fields): Json {
  const items = found.slice(0, query.integer("limit") ?? limitDefault);
  return { items, next: items.at(-1)?.seq ?? query.integer("after") ?? 0 };
}
