import { z } from "zod";
import type { UpdateType } from "./update-type.ts";

/**
 * Why a call failed. `refused`: Telegram answered that it will not (4xx), a repeat is refused too. `outage`: it
 * could not be asked, or its outcome is unknown, or it asks for patience (429, `retryMs`).
 */
export class TelegramError extends Error {
  override name = "TelegramError";
  readonly kind: "refused" | "outage";
  readonly code: number | null;
  readonly retryMs: number | null;

  constructor(
    kind: "refused" | "outage",
    message: string,
    about: { readonly code?: number; readonly retryMs?: number } = {},
  ) {
    super(message);
    this.kind = kind;
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

/** The Bot API, as far as we call it. @throws TelegramError, never with the token in its words. */
export interface TelegramClient {
  getMe(token: string, signal?: AbortSignal): Promise<{ readonly id: number; readonly username: string }>;
  setWebhook(token: string, setting: WebhookSetting, signal?: AbortSignal): Promise<void>;
  deleteWebhook(token: string, signal?: AbortSignal): Promise<void>;
}

/** More than any answer of the methods we call. */
const answerBytesMax = 1_048_576;

const answer = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error_code: z.int().catch(0),
    description: z.string().catch("no description"),
    parameters: z
      .object({ retry_after: z.number().min(0).optional() })
      .optional()
      .catch(undefined),
  }),
]);
const me = z.object({ id: z.int(), username: z.string() });

export function openTelegramClient(options: TelegramClientOptions): TelegramClient {
  const root = options.apiRoot.replace(/\/+$/, "");

  async function call(token: string, method: string, body: object, signal?: AbortSignal): Promise<unknown> {
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
      text = await readText(response);
    } catch (error) {
      // The words of fetch may hold the URL, and with it the token; of the cause only its code is told.
      throw new TelegramError("outage", `${method}: ${reasonOf(error)}`);
    }
    const parsed = text === null ? undefined : parseAnswer(text);
    if (parsed === undefined) {
      throw new TelegramError("outage", `${method}: HTTP ${status}, and not an answer of the Bot API`, {
        code: status,
      });
    }
    if (parsed.ok) return parsed.result;
    const retrySeconds = parsed.parameters?.retry_after;
    const code = parsed.error_code === 0 ? status : parsed.error_code;
    const about = { code, ...(retrySeconds === undefined ? {} : { retryMs: retrySeconds * 1_000 }) };
    const kind = code === 429 || code >= 500 || code < 400 ? "outage" : "refused";
    throw new TelegramError(kind, `${method}: ${code} ${parsed.description.replaceAll(token, "…")}`, about);
  }

  return {
    getMe: async (token, signal) => {
      const parsed = me.safeParse(await call(token, "getMe", {}, signal));
      if (!parsed.success) throw new TelegramError("outage", "getMe: not a bot in the answer");
      return parsed.data;
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
  };
}

/** Null when it is longer than any answer could be; no more than the bound is read. */
async function readText(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > answerBytesMax) return null;
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

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  if (error.name === "TimeoutError") return "no answer in time";
  if (error.name === "AbortError") return "given up";
  const cause = error.cause;
  return cause instanceof Error && "code" in cause
    ? `cannot be reached (${String(cause.code)})`
    : "cannot be reached";
}
