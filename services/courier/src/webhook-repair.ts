import { type SecretBox, SecretBoxError } from "@rookery/auth";
import type { UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  botSecretOwner,
  dueWebhookWork,
  finishWebhookWork,
  reopenMovedWebhooks,
  type Store,
  type WebhookResult,
  type WebhookWork,
} from "@rookery/store";
import { openTelegramClient, type TelegramClient, TelegramError, updateTypes } from "@rookery/telegram";
import { retryDelayMs } from "./retry-delay.ts";

export interface WebhookRepairOptions {
  readonly store: Store;
  readonly secrets: SecretBox;
  /** `TELEGRAM_API_ROOT` */
  readonly apiRoot: string;
  /** `PUBLIC_URL`; where Telegram is to call us. */
  readonly publicUrl: string;
  readonly log: Log;
  /** Which bots are this process's; the others are left to theirs. Two at once do no harm, only calls. */
  readonly ownsBot: (botId: UserId) => boolean;
  readonly pollMs?: number;
}

export interface WebhookRepair {
  /** Stops looking, gives up calls in flight, and resolves when nothing runs. */
  close(): Promise<void>;
}

const pollMsDefault = 2_000;
const callTimeoutMs = 10_000;
/** Calls in flight at once, of different bots. */
const callsMax = 4;
/** Read in one look; what is left is found by the next. */
const workMax = 1_000;

/**
 * Tells Telegram where each bot's updates go, until it agrees: `setWebhook` for bots in webhook mode,
 * `deleteWebhook` for polling and deleted ones. The state is the rows', so any crash leaves it to be taken up again.
 */
export function startWebhookRepair(options: WebhookRepairOptions): WebhookRepair {
  const { store, log, ownsBot, pollMs = pollMsDefault } = options;
  const client = openTelegramClient({ apiRoot: options.apiRoot, timeoutMs: callTimeoutMs });
  const baseUrl = `${options.publicUrl.replace(/\/+$/, "")}/v1/telegram/webhook/`;
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let moved = false;

  async function look(): Promise<void> {
    if (!moved) {
      await reopenMovedWebhooks(store, baseUrl, Date.now());
      moved = true;
    }
    const work = await dueWebhookWork(store, { nowMs: Date.now(), limit: workMax });
    const mine = work.filter((each) => ownsBot(each.botId));
    const worker = async (): Promise<void> => {
      for (let next = mine.shift(); next !== undefined && !stop.signal.aborted; next = mine.shift()) {
        await repair(next);
      }
    };
    await Promise.all(Array.from({ length: callsMax }, worker));
  }

  async function repair(work: WebhookWork): Promise<void> {
    const result = await attempt(work, { client, baseUrl, secrets: options.secrets, signal: stop.signal });
    // Given up because we stop: the row says what is to be done, as before.
    if (stop.signal.aborted && result.nextAttemptMs !== null) return;
    const { botId, requestId } = work;
    const about = { botId, ...(requestId === null ? {} : { requestId }) };
    if (result.error !== null) log.warn({ ...about, error: result.error }, "a webhook is not set");
    else log.info({ ...about, status: result.status }, "Telegram knows where the updates go");
    await finishWebhookWork(store, result);
  }

  async function run(): Promise<void> {
    try {
      await look();
    } catch (error) {
      log.warn({ err: error }, "webhooks could not be looked after");
    }
    if (!stop.signal.aborted) timer = setTimeout(start, pollMs);
  }

  let running = Promise.resolve();
  function start(): void {
    running = run();
  }
  start();

  return {
    close: async () => {
      stop.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

interface Means {
  readonly client: TelegramClient;
  readonly baseUrl: string;
  readonly secrets: SecretBox;
  readonly signal: AbortSignal;
}

/** One attempt, and what is to be noted of it. @throws only bugs. */
async function attempt(work: WebhookWork, means: Means): Promise<WebhookResult> {
  const wanted = !work.deleted && work.mode === "webhook";
  const url = wanted ? means.baseUrl + work.username : null;
  const about = { botId: work.botId, version: work.version };
  try {
    const token = means.secrets.openSecret(work.token, botSecretOwner.token(work.botId));
    if (url === null) await means.client.deleteWebhook(token, means.signal);
    else {
      const secretToken = means.secrets.openSecret(work.secret, botSecretOwner.webhook(work.botId));
      await means.client.setWebhook(token, { url, secretToken, allowedUpdates: updateTypes }, means.signal);
    }
    return { ...about, status: wanted ? "set" : "off", url, error: null, nextAttemptMs: null };
  } catch (error) {
    if (!(error instanceof TelegramError || error instanceof SecretBoxError)) throw error;
    const refused = error instanceof SecretBoxError || error.kind === "refused";
    // Whoever deleted a bot often revoked its token before; there is nothing left to shut.
    if (work.deleted && refused)
      return { ...about, status: "off", url: null, error: null, nextAttemptMs: null };
    const askedMs = error instanceof TelegramError ? error.retryMs : null;
    return {
      ...about,
      status: refused ? "failed" : "pending",
      url: null,
      error: error.message,
      nextAttemptMs: Date.now() + (askedMs ?? retryDelayMs(work.attempts, Math.random())),
    };
  }
}
