import type { OpenSend } from "@rookery/store";
import { callOf, type TelegramClient, TelegramError } from "@rookery/telegram";

/** How an attempt to send ended. */
export type Transmission =
  | { readonly kind: "sent"; readonly messageId: number }
  /** Not done: the group has become a supergroup, under this id. */
  | { readonly kind: "moved"; readonly to: number }
  /** Telegram will not, now or later. */
  | { readonly kind: "failed"; readonly error: string }
  /** It has surely not been done; once more after a while. */
  | { readonly kind: "again"; readonly error: string }
  /** Telegram asks to wait. */
  | { readonly kind: "patience"; readonly retryMs: number }
  /** It may have been done. */
  | { readonly kind: "unknown"; readonly error: string };

const errorCharsMax = 500;
/** Where Telegram asks for patience and does not say how much. */
const patienceMs = 1_000;

/** One attempt. @throws only bugs. */
export async function transmit(
  client: Pick<TelegramClient, "send">,
  token: string,
  send: Pick<OpenSend, "telegramChatId" | "content">,
  signal: AbortSignal,
): Promise<Transmission> {
  try {
    const messageId = await client.send(token, callOf(send.telegramChatId, send.content), signal);
    return { kind: "sent", messageId };
  } catch (thrown) {
    if (!(thrown instanceof TelegramError)) throw thrown;
    const error = thrown.message.slice(0, errorCharsMax);
    if (thrown.code === 429) return { kind: "patience", retryMs: thrown.retryMs ?? patienceMs };
    if (thrown.migratedTo !== null) return { kind: "moved", to: thrown.migratedTo };
    if (thrown.isUnknown) return { kind: "unknown", error };
    return { kind: thrown.kind === "refused" ? "failed" : "again", error };
  }
}
