import { setTimeout as sleep } from "node:timers/promises";
import { conflict, type Refusal } from "../refusal.ts";
import type { Bot } from "../world/bot.ts";
import type { Json } from "../world/message.ts";

export interface PollWish {
  readonly offset: number;
  readonly limit: number;
  readonly timeoutMs: number;
  /** Aborted when the bot hung up. */
  readonly signal: AbortSignal;
}

/**
 * getUpdates of all bots. One waits per bot: a second ends the first, a webhook ends it too.
 *
 * ```
 *  asked ─▶ (updates there?) ─ yes ─▶ gathering 2 ms ─▶ answered
 *               │ no                       ▲
 *               ▼                          │ update
 *            waiting ──────────────────────┘
 *               ├─ timeout ─▶ answered, empty
 *               ├─ another getUpdates, setWebhook ─▶ 409
 *               └─ hung up ─▶ forgotten
 * ```
 */
export interface PollDesk {
  /** @throws Refusal 409 */
  poll(bot: Bot, wish: PollWish): Promise<Json[]>;
  /** There is something for this bot. */
  wake(bot: Bot): void;
  /** A webhook is being set. */
  endBySetWebhook(bot: Bot): void;
  close(): void;
}

interface Waiting {
  readonly wake: () => void;
  readonly refuse: (refusal: Refusal) => void;
}

const gatherMs = 2;
/** Who fights over getUpdates is slowed down: only one of these answers in so long is given at once. */
const conflictGapMs = 3_000;

export function openPollDesk({
  now,
  timeScale,
}: {
  readonly now: () => number;
  readonly timeScale: number;
}): PollDesk {
  const waiting = new Map<number, Waiting>();
  const nextConflictMs = new Map<number, number>();

  /** Telegram tells the first one at once, those right after it later. */
  async function delayConflict(bot: Bot): Promise<void> {
    const atMs = now();
    if (atMs >= (nextConflictMs.get(bot.id) ?? 0))
      nextConflictMs.set(bot.id, atMs + conflictGapMs * timeScale);
    else await sleep(conflictGapMs * timeScale);
  }

  async function waitForUpdate(bot: Bot, { timeoutMs, signal }: PollWish): Promise<void> {
    let own: Waiting | undefined;
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => own?.wake();
    try {
      await new Promise<void>((resolve, reject) => {
        own = { wake: resolve, refuse: reject };
        waiting.set(bot.id, own);
        timer = setTimeout(resolve, timeoutMs);
        signal.addEventListener("abort", onAbort, { once: true });
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      if (waiting.get(bot.id) === own) waiting.delete(bot.id);
    }
  }

  return {
    async poll(bot, wish) {
      if (bot.webhook !== null) {
        await delayConflict(bot);
        throw conflict(
          "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        );
      }
      waiting
        .get(bot.id)
        ?.refuse(
          conflict("terminated by other getUpdates request; make sure that only one bot instance is running"),
        );
      const found = bot.updates.take(wish.offset, wish.limit, now());
      if (found.length > 0 || wish.timeoutMs === 0) return found.map(({ body }) => body);
      try {
        await waitForUpdate(bot, wish);
      } catch (error) {
        await delayConflict(bot);
        throw error;
      }
      if (wish.signal.aborted) return [];
      await sleep(gatherMs);
      return bot.updates.take(0, wish.limit, now()).map(({ body }) => body);
    },
    wake: (bot) => waiting.get(bot.id)?.wake(),
    endBySetWebhook: (bot) => waiting.get(bot.id)?.refuse(conflict("terminated by setWebhook request")),
    close() {
      for (const each of waiting.values()) each.wake();
    },
  };
}
