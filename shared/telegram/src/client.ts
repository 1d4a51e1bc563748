import { z } from "zod";
import { cutWords } from "./cut.ts";
import type { TelegramCall } from "./outgoing.ts";
import type { UpdateType } from "./update-type.ts";

/** Of Telegram's words: they quote what was sent, so they are as long, and as odd, as that. */
const wordsMax = 500;

/**
 * Why a call failed. `refused`: Telegram answered that it will not (4xx), a repeat is refused too. `outage`: it
 * could not be asked, or its outcome is unknown, or it asks for patience (429, `retryMs`). Its message is fit for a row.
 */
export class TelegramError extends Error {
  override name = "TelegramError";
  readonly kind: "refused" | "outage";
  readonly code: number | null;
  readonly retryMs: number | null;
  /** What was asked may have been done all the same: no answer came, or one that says nothing. */
  readonly isUnknown: boolean;
  /** The group is a supergroup now, under this id. */
  readonly migratedTo: number | null;

  constructor(
    kind: "refused" | "outage",
    message: string,
    about: {
      readonly code?: number;
      readonly retryMs?: number;
      readonly isUnknown?: boolean;
      readonly migratedTo?: number;
    } = {},
  ) {
    super(cutWords(message, wordsMax));
    this.kind = kind;
    this.isUnknown = about.isUnknown ?? false;
    this.migratedTo = about.migratedTo ?? null;
    this.code = about.code ?? null;
    this.retryMs = about.retryMs ?? null;
  }
}

export interface TelegramClientOptions {
  /** `https://api.telegram.org`, or a server of one's own. */
  readonly apiRoot: string;
  readonly timeoutMs: number;
}

export interface WebhookSetting {
  readonly url: string;
  readonly secretToken: string;
  readonly allowedUpdates: readonly UpdateType[];
}

export interface UpdatesAsk {
  /** Above 0: all below is confirmed. 0: from the head, and nothing is. */
  readonly offset: number;
  readonly limit: number;
  readonly timeoutSeconds: number;
  readonly allowedUpdates: readonly UpdateType[];
}

/** What Telegram knows of a bot's webhook; `url` is empty without one. */
export interface WebhookInfo {
  readonly url: string;
  readonly pending: number;
  readonly lastError: string | null;
  readonly lastErrorMs: number | null;
}

/** The Bot API, as far as we call it. @throws TelegramError, never with the token in its words. */
export interface TelegramClient {
  getMe(token: string, signal?: AbortSignal): Promise<{ readonly id: number; readonly username: string }>;
  setWebhook(token: string, setting: WebhookSetting, signal?: AbortSignal): Promise<void>;
  deleteWebhook(token: string, signal?: AbortSignal): Promise<void>;
  /** Of a method whose result is not needed. */
  ask(token: string, call: TelegramCall, signal?: AbortSignal): Promise<void>;
  getWebhookInfo(token: string, signal?: AbortSignal): Promise<WebhookInfo>;
  /** Waits for `ask.timeoutSeconds` where there are none. @returns them as they came; `readUpdate` reads one. */
  getUpdates(token: string, ask: UpdatesAsk, signal?: AbortSignal): Promise<readonly unknown[]>;
  send(token: string, call: TelegramCall, signal?: AbortSignal): Promise<SentMessage>;
}

/** What Telegram names what was sent by. */
export interface SentMessage {
  readonly messageId: number;
  /** Of a poll: votes name it so. */
  readonly pollId?: string;
}

/** More than any answer of the methods we call. */
const answerBytesMax = 1_048_576;
/** Of a hundred updates. */
const updatesBytesMax = 33_554_432;

const answer = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error_code: z.int().catch(0),
    description: z.string().catch("no description"),
    parameters: z
      .object({
        retry_after: z.number().min(0).optional(),
        migrate_to_chat_id: z.int().optional(),
      })
      .optional()
      .catch(undefined),
  }),
]);
const sent = z.object({
  message_id: z.int(),
  poll: z.object({ id: z.string() }).optional().catch(undefined),
});
const webhookInfo = z.object({
  url: z.string(),
  pending_update_count: z.int().catch(0),
  last_error_date: z.int().optional().catch(undefined),
  last_error_message: z.string().optional().catch(undefined),
});
const me = z.object({ id: z.int(), username: z.string() });

export function openTelegramClient(options: TelegramClientOptions): TelegramClient {
  const root = options.apiRoot.replace(/\/+$/, "");

  async function call(
    token: string,
    method: string,
    body: object,
    signal?: AbortSignal,
    bytesMax = answerBytesMax,
  ): Promise<unknown> {
    const timeout = AbortSignal.timeout(options.timeoutMs);
    let status: number;
    let text: string | null;
    try {
      const response = await fetch(`${root}/bot${token}/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        redirect: "error",
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      });
      status = response.status;
      text = await readText(response, bytesMax);
    } catch (error) {
      // The words of fetch may hold the URL, and with it the token; of the cause only its code is told.
      throw new TelegramError("outage", `${method}: ${reasonOf(error)}`, {
        isUnknown: mayHaveArrived(error),
      });
    }
    const parsed = text === null ? undefined : parseAnswer(text);
    if (parsed === undefined) {
      throw new TelegramError("outage", `${method}: HTTP ${status}, and not an answer of the Bot API`, {
        code: status,
        isUnknown: true,
      });
    }
    if (parsed.ok) return parsed.result;
    const retrySeconds = parsed.parameters?.retry_after;
    const code = parsed.error_code === 0 ? status : parsed.error_code;
    const migratedTo = parsed.parameters?.migrate_to_chat_id;
    const about = {
      code,
      isUnknown: code >= 500,
      ...(retrySeconds === undefined ? {} : { retryMs: retrySeconds * 1_000 }),
      ...(migratedTo === undefined ? {} : { migratedTo }),
    };
    const kind = code === 429 || code >= 500 || code < 400 ? "outage" : "refused";
    throw new TelegramError(kind, `${method}: ${code} ${parsed.description.replaceAll(token, "…")}`, about);
  }

  return {
    getMe: async (token, signal) => {
      const parsed = me.safeParse(await call(token, "getMe", {}, signal));
      if (!parsed.success) throw new TelegramError("outage", "getMe: not a bot in the answer");
      return parsed.data;
    },
    ask: async (token, { method, params }, signal) => {
      await call(token, method, params, signal);
    },
    send: async (token, { method, params }, signal) => {
      const parsed = sent.safeParse(await call(token, method, params, signal));
      if (!parsed.success) {
        throw new TelegramError("outage", `${method}: no message in the answer`, { isUnknown: true });
      }
      const { message_id: messageId, poll } = parsed.data;
      return { messageId, ...(poll === undefined ? {} : { pollId: poll.id }) };
    },
    setWebhook: async (token, setting, signal) => {
      const body = {
        url: setting.url,
        secret_token: setting.secretToken,
        allowed_updates: setting.allowedUpdates,
      };
      await call(token, "setWebhook", body, signal);
    },
    deleteWebhook: async (token, signal) => {
      await call(token, "deleteWebhook", {}, signal);
    },
    getWebhookInfo: async (token, signal) => {
      const parsed = webhookInfo.safeParse(await call(token, "getWebhookInfo", {}, signal));
      if (!parsed.success) throw new TelegramError("outage", "getWebhookInfo: no webhook in the answer");
      const { url, pending_update_count: pending, last_error_message: lastError, ...rest } = parsed.data;
      const lastErrorMs = rest.last_error_date === undefined ? null : rest.last_error_date * 1_000;
      return {
        url,
        pending,
        lastError: lastError === undefined ? null : cutWords(lastError, wordsMax),
        lastErrorMs,
      };
    },
    getUpdates: async (token, { offset, limit, timeoutSeconds, allowedUpdates }, signal) => {
      const body = { offset, limit, timeout: timeoutSeconds, allowed_updates: allowedUpdates };
      const updates = await call(token, "getUpdates", body, signal, updatesBytesMax);
      if (!Array.isArray(updates)) throw new TelegramError("outage", "getUpdates: no list in the answer");
      return updates;
    },
  };
}

/** Null when it is longer than any answer could be; no more than the bound is read. */
async function readText(response: Response, bytesMax: number): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseAnswer(text: string): z.infer<typeof answer> | undefined {
  try {
    return answer.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Whether the bytes may have reached Telegram: not where no connection came about. */
function mayHaveArrived(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return ![
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "UND_ERR_CONNECT_TIMEOUT",
  ].includes(code);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  if (error.name === "TimeoutError") return "no answer in time";
  if (error.name === "AbortError") return "given up";
  const cause = error.cause;
  return cause instanceof Error && "code" in cause
    ? `cannot be reached (${String(cause.code)})`
    : "cannot be reached";
}
