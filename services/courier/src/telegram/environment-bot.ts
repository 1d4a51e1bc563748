import type { SecretBox } from "@rookery/auth";
import { ensureSingleBot } from "@rookery/gateway";
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

/**
 * Registers the bot of the environment once, while `isOurs`: one courier of the cluster. Telegram tells its name, and is asked
 * until it does.
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

  const attempt = async (): Promise<void> => {
    let againMs = idleMs;
    try {
      if (parts.isOurs()) {
        const { username } = await parts.client.getMe(bot.token, stop.signal);
        const isChanged = await ensureSingleBot(parts, { ...bot, username }, Date.now());
        log.info({ username, mode: bot.mode, isChanged }, "the bot of the environment is registered");
        return;
      }
    } catch (error) {
      if (stop.signal.aborted) return;
      againMs = retryDelayMs(failures, Math.random());
      failures += 1;
      log.warn({ err: String(error) }, "the bot of the environment is not registered yet");
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
