import { z } from "zod";
import { type TelegramMessage, telegramMessage } from "./message.ts";
import { type UpdateType, updateTypes } from "./update-type.ts";

/** An update sorted by what we do with it. `raw` is all Telegram said, fit for a jsonb column. */
export type TelegramUpdate =
  | {
      readonly kind: "message";
      readonly type: "message" | "channel_post";
      readonly updateId: number;
      readonly message: TelegramMessage;
      readonly raw: unknown;
    }
  | {
      readonly kind: "other";
      /** Null for a type that is newer than we are. */
      readonly type: UpdateType | null;
      readonly updateId: number;
      readonly raw: unknown;
    };

const envelope = z.looseObject({ update_id: z.int().min(0) });

/**
 * Reads the body of a webhook call or an item of `getUpdates`; null when it is not an update, or a message of it
 * lacks what every message has.
 */
export function parseUpdate(text: string): TelegramUpdate | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const raw = needsCleaning(text) ? clean(value) : value;
  const parsed = envelope.safeParse(raw);
  if (!parsed.success) return null;
  const updateId = parsed.data.update_id;
  const type = updateTypes.find((each) => parsed.data[each] !== undefined) ?? null;
  if (type !== "message" && type !== "channel_post") return { kind: "other", type, updateId, raw };
  const message = telegramMessage.safeParse(parsed.data[type]);
  return message.success ? { kind: "message", type, updateId, message: message.data, raw } : null;
}

/** Postgres takes neither U+0000 nor lone surrogates; both can only come as escapes, or from broken UTF-8. */
function needsCleaning(text: string): boolean {
  return /\\u(?:0000|d[89a-f])/i.test(text) || !text.isWellFormed();
}

function clean(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed().replaceAll("\0", "\uFFFD");
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean(key), clean(item)]));
}
