/**
 * Who is too fast, for the time we hold a bot's shard. The counts are made from the rows: those of the last hour are counted when
 * the first update of a bot is judged, so that a person is as far as they were, whoever answered them before.
 */
import { Flood, type FloodVerdict } from "@rookery/bot";
import type { UserId } from "@rookery/protocol";
import { type JudgedUpdate, judgedUpdates, type PendingUpdate, type Store } from "@rookery/store";
import type { UnknownBotEvent } from "@rookery/telegram";
import type { RoutedBot } from "./routed-bot.ts";

/** The longest of the windows. */
const windowMs = 3_600_000;
/** Of a bot's last hour: a bot with more has the later ones counted, which are all of the last minutes. */
const updatesMax = 20_000;
/** Of one holding; beyond it the one judged longest ago is forgotten, and read again. */
const botsMax = 2_000;

export type Judged = Omit<JudgedUpdate, "createdMs">;

export interface Floods {
  /**
   * Once for each update, however often it is tried.
   * @returns null: it is not ours to judge any more. @throws where Postgres is out of reach
   */
  judge(
    bot: RoutedBot,
    update: PendingUpdate,
    event: UnknownBotEvent,
    signal: AbortSignal,
  ): Promise<Judged | null>;
}

export function openFloods({ store, now }: { readonly store: Store; readonly now: () => number }): Floods {
  /** A holding's signal is another's at every claim: counts of a former one are of no use, for others judged in between. */
  const held = new WeakMap<AbortSignal, Map<UserId, Promise<Flood>>>();
  const judged = new WeakMap<PendingUpdate, FloodVerdict>();

  const load = async ({ id, routes }: RoutedBot): Promise<Flood> => {
    const flood = new Flood();
    for (const past of await judgedUpdates(store, id, now() - windowMs, updatesMax)) {
      flood.recall(past, routes.flood);
    }
    return flood;
  };

  const floodOf = (bot: RoutedBot, signal: AbortSignal): Promise<Flood> => {
    const floods = held.get(signal) ?? new Map<UserId, Promise<Flood>>();
    held.set(signal, floods);
    const flood = floods.get(bot.id) ?? load(bot);
    floods.delete(bot.id);
    floods.set(bot.id, flood);
    flood.catch(() => floods.delete(bot.id));
    const [oldest] = floods.keys();
    if (floods.size > botsMax && oldest !== undefined) floods.delete(oldest);
    return flood;
  };

  return {
    async judge(bot, update, event, signal) {
      const personId = event.person.telegramId;
      const isCommand = event.input.kind === "command";
      if (bot.routes.flood?.off === true) return { personId, isCommand, flood: "open" };
      const known = judged.get(update);
      if (known !== undefined) return { personId, isCommand, flood: known };
      const flood = await floodOf(bot, signal);
      if (signal.aborted) return null;
      const verdict = flood.note(personId, isCommand, bot.routes.flood, update.createdMs);
      judged.set(update, verdict);
      return { personId, isCommand, flood: verdict };
    },
  };
}
