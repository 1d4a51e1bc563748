import type { SecretBox } from "@rookery/auth";
import { adoptSingleBot, ensureSingleBot } from "@rookery/gateway";
import type { Log } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import type { TelegramClient } from "@rookery/telegram";
import { retryDelayMs } from "../retry-delay.ts";

/** `TELEGRAM_BOT_TOKEN` and what goes with it (CONTRACT §1). */
export interface EnvironmentBot {
  readonly token: string;
  readonly mode: "webhook" | "polling";
  readonly webhookSecret: string | null;
}

const idleMs = 1_000;
/** Between looks for an administrator, where there was none. */
const orphanMs = 3_000;

/**
 * Registers the bot of the environment once, while `isOurs`: one courier of the cluster. Telegram tells its name, and is asked
 * until it does. A bot that came before any administrator is the first one's when there is one.
 */
export function startEnvironmentBot(parts: {
  readonly bot: EnvironmentBot;
  readonly store: Store;
  readonly secrets: SecretBox;
  readonly client: Pick<TelegramClient, "getMe">;
  readonly isOurs: () => boolean;
  readonly log: Log;
}): { close(): Promise<void> } {
  const { bot, log } = parts;
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;

  let registered: string | null = null;

  const attempt = async (): Promise<void> => {
    let againMs = idleMs;
    try {
      if (registered !== null) {
        if (await adoptSingleBot(parts.store, registered)) return;
        againMs = orphanMs;
      } else if (parts.isOurs()) {
        const { username } = await parts.client.getMe(bot.token, stop.signal);
        const isChanged = await ensureSingleBot(parts, { ...bot, username }, Date.now());
        log.info({ username, mode: bot.mode, isChanged }, "the bot of the environment is registered");
        registered = username;
        if (await adoptSingleBot(parts.store, username)) return;
        againMs = orphanMs;
      }
    } catch (error) {
      if (stop.signal.aborted) return;
      againMs = retryDelayMs(failures, Math.random());
      failures += 1;
      log.warn({ err: String(error) }, "the bot of the environment is not looked after yet");
    }
    if (!stop.signal.aborted) timer = setTimeout(begin, againMs);
  };

  let running = Promise.resolve();
  function begin(): void {
    running = attempt();
  }
  begin();

  return {
    async close() {
      stop.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
