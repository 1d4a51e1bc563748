/** Calls of Telegram's that are worth something only now, beside the outbox: none survives the process. */
import type { UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { type TelegramCall, type TelegramClient, TelegramError } from "@rookery/telegram";

export interface Teller {
  /** At most once: that the bot is typing. */
  readonly tell: (bot: Told, call: TelegramCall) => void;
  /** The answer to a press: repeated while the person may still look at the button. */
  readonly insist: (bot: Told, call: TelegramCall) => void;
  /** Gives up what is to be repeated; resolves when nothing is under way. */
  close(): Promise<void>;
}

export interface Told {
  readonly id: UserId;
  readonly token: string | null;
}

/** Under way; beyond it they are left out, for none is promised. */
const tellingMax = 256;
/** An answer to a press is worth nothing after so long; Telegram itself takes none for long. */
const lifeMs = 15_000;
const firstRetryMs = 250;
const retryMsMax = 4_000;

export function openTeller(parts: {
  readonly client: Pick<TelegramClient, "ask">;
  readonly now: () => number;
  readonly log: Log;
}): Teller {
  const { client, now, log } = parts;
  const told = new Set<Promise<void>>();
  const stop = new AbortController();

  const attempt = async (bot: Told, token: string, call: TelegramCall, untilMs: number): Promise<void> => {
    for (let afterMs = firstRetryMs; ; afterMs = Math.min(afterMs * 2, retryMsMax)) {
      try {
        return await client.ask(token, call, stop.signal);
      } catch (error) {
        if (!(error instanceof TelegramError)) throw error;
        const waitMs = error.retryMs ?? afterMs;
        const isOver = error.kind === "refused" || now() + waitMs >= untilMs || stop.signal.aborted;
        if (isOver) {
          const { method } = call;
          log.info({ botId: bot.id, method, error: error.message }, "Telegram was not told");
          return;
        }
        await pause(waitMs, stop.signal);
        if (stop.signal.aborted) return;
      }
    }
  };

  const begin = (bot: Told, call: TelegramCall, untilMs: number): void => {
    if (bot.token === null || told.size >= tellingMax) return;
    const telling = attempt(bot, bot.token, call, untilMs)
      .catch((error: unknown) => log.error({ err: error }, "a call of Telegram's met a bug"))
      .finally(() => told.delete(telling));
    told.add(telling);
  };

  return {
    tell: (bot, call) => begin(bot, call, 0),
    insist: (bot, call) => begin(bot, call, now() + lifeMs),
    async close() {
      // A call under way may end by itself, and is not worth waiting for longer than a moment.
      const patience = setTimeout(() => stop.abort(), firstRetryMs);
      await Promise.all(told);
      clearTimeout(patience);
    },
  };
}

/** Ends early when it is given up. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
