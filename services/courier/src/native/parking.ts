/** Who waits for updates of which bot: one at a time for a bot, and for each of its named consumers. Holds no timer. */
import type { BotPoll, UserId } from "@rookery/protocol";

export interface ParkedPoll extends BotPoll {
  readonly edge: string;
  /** When its edge last said that it waits. */
  heardMs: number;
}

export interface Parking {
  /**
   * Somebody asks.
   * @returns who has to go: the one that waited, or whoever asks; `known`: it waits already.
   */
  arrive(
    poll: ParkedPoll,
  ): { readonly kind: "seated"; readonly gone: ParkedPoll | null } | { readonly kind: "refused" | "known" };
  /** It is answered. */
  leave(poll: ParkedPoll): void;
  /** All that wait for something of this bot. */
  of(botId: UserId): readonly ParkedPoll[];
  /** Forgets those of whom nobody has heard since, and those of bots that are not ours any more. */
  sweep(beforeMs: number, isOurs: (botId: UserId) => boolean): void;
  readonly size: number;
}

export function openParking(): Parking {
  const bots = new Map<UserId, Map<string, ParkedPoll>>();
  let size = 0;

  const remove = (seats: Map<string, ParkedPoll>, { botId, consumer }: ParkedPoll): void => {
    if (!seats.delete(consumer)) return;
    size -= 1;
    if (seats.size === 0) bots.delete(botId);
  };

  return {
    arrive(poll) {
      // Who does not wait takes nobody's place.
      if (!poll.waits) return { kind: "seated", gone: null };
      const seats = bots.get(poll.botId) ?? new Map<string, ParkedPoll>();
      const seated = seats.get(poll.consumer);
      if (seated !== undefined && seated.id === poll.id && seated.edge === poll.edge) {
        seated.heardMs = poll.heardMs;
        return { kind: "known" };
      }
      // Of two that were there before us, the later one; whoever asks for the first time comes after all of them.
      const wins = seated === undefined || !poll.again || (seated.again && poll.startedMs > seated.startedMs);
      if (!wins) return { kind: "refused" };
      if (seated === undefined) size += 1;
      bots.set(poll.botId, seats.set(poll.consumer, poll));
      return { kind: "seated", gone: seated ?? null };
    },
    leave(poll) {
      const seats = bots.get(poll.botId);
      if (seats?.get(poll.consumer) === poll) remove(seats, poll);
    },
    of: (botId) => [...(bots.get(botId)?.values() ?? [])],
    sweep(beforeMs, isOurs) {
      for (const [botId, seats] of bots) {
        const ours = isOurs(botId);
        for (const poll of seats.values()) if (!ours || poll.heardMs < beforeMs) remove(seats, poll);
      }
    },
    get size() {
      return size;
    },
  };
}
