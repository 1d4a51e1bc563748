/** Asks Telegram how the webhooks do that are set: what it says stands in the bot's row, and one that is another is set anew. */
import { type SecretBox, SecretBoxError } from "@rookery/auth";
import type { UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  botSecretOwner,
  dueWebhookWatch,
  noteTelegramWord,
  noteWebhookWatch,
  reopenWebhook,
  type Store,
  type WatchedWebhook,
} from "@rookery/store";
import { openTelegramClient, TelegramError } from "@rookery/telegram";

/** Each webhook is asked about so often. */
const everyMsDefault = 60_000;
const lookMs = 5_000;
const callTimeoutMs = 10_000;
/** In one look; what is left is found by the next. */
const watchedMax = 100;

export function startWebhookWatch(parts: {
  readonly store: Store;
  readonly secrets: SecretBox;
  readonly apiRoot: string;
  readonly publicUrl: string;
  readonly log: Log;
  readonly ownsBot: (botId: UserId) => boolean;
  readonly everyMs?: number;
}): { close(): Promise<void> } {
  const { store, log, everyMs = everyMsDefault } = parts;
  const client = openTelegramClient({ apiRoot: parts.apiRoot, timeoutMs: callTimeoutMs });
  const baseUrl = `${parts.publicUrl.replace(/\/+$/, "")}/v1/telegram/webhook/`;
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  const watch = async ({ botId, username, token, version }: WatchedWebhook): Promise<void> => {
    try {
      const opened = parts.secrets.openSecret(token, botSecretOwner.token(botId));
      const { url, pending, lastError, lastErrorMs } = await client.getWebhookInfo(opened, stop.signal);
      await noteTelegramWord(store, { botId, error: lastError, errorMs: lastErrorMs, pending });
      if (url !== baseUrl + username) {
        log.warn({ botId }, "Telegram has another webhook than ours, which is set anew");
        await reopenWebhook(store, { botId, version }, Date.now());
      }
    } catch (error) {
      if (!(error instanceof TelegramError || error instanceof SecretBoxError)) throw error;
      if (!stop.signal.aborted)
        log.warn({ botId, error: error.message }, "a webhook could not be asked about");
    }
    await noteWebhookWatch(store, botId, Date.now());
  };

  const look = async (): Promise<void> => {
    try {
      const due = await dueWebhookWatch(store, { beforeMs: Date.now() - everyMs, limit: watchedMax });
      for (const webhook of due) {
        if (stop.signal.aborted) return;
        if (parts.ownsBot(webhook.botId)) await watch(webhook);
      }
    } catch (error) {
      log.warn({ err: String(error) }, "webhooks could not be watched");
    }
    if (!stop.signal.aborted) timer = setTimeout(begin, Math.min(lookMs, everyMs));
  };

  let running = Promise.resolve();
  function begin(): void {
    running = look();
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
