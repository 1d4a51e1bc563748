import type { OpenSend } from "@rookery/store";
import {
  callOf,
  editCallOf,
  type SentMessage,
  type TelegramCall,
  type TelegramClient,
  TelegramError,
} from "@rookery/telegram";

/** How an attempt to send, or to change what was sent, ended. */
export type Transmission =
  | ({ readonly kind: "sent" } & SentMessage)
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

/** Where Telegram asks for patience and does not say how much. */
const patienceMs = 1_000;
/** It is so already: a repeat of what was done. Telegram says it by its text alone. */
const alreadySo = {
  edit: "message is not modified",
  delete: "message to delete not found",
} as const;

type Sent = Pick<OpenSend, "action" | "telegramChatId" | "messageId" | "content">;

/** One attempt. @throws only bugs. */
export async function transmit(
  client: Pick<TelegramClient, "send" | "ask">,
  token: string,
  send: Sent,
  signal: AbortSignal,
): Promise<Transmission> {
  if (send.action !== "send" && send.messageId === null) {
    return { kind: "failed", error: "the message did not get to Telegram" };
  }
  try {
    return { kind: "sent", ...(await call(client, token, send, signal)) };
  } catch (thrown) {
    if (!(thrown instanceof TelegramError)) throw thrown;
    const { message: error } = thrown;
    const { action, messageId } = send;
    if (action !== "send" && messageId !== null && error.includes(alreadySo[action])) {
      return { kind: "sent", messageId };
    }
    if (thrown.code === 429) return { kind: "patience", retryMs: thrown.retryMs ?? patienceMs };
    if (thrown.migratedTo !== null) return { kind: "moved", to: thrown.migratedTo };
    if (thrown.isUnknown) return { kind: "unknown", error };
    return { kind: thrown.kind === "refused" ? "failed" : "again", error };
  }
}

async function call(
  client: Pick<TelegramClient, "send" | "ask">,
  token: string,
  { action, telegramChatId, messageId, content }: Sent,
  signal: AbortSignal,
): Promise<SentMessage> {
  if (action === "send" || messageId === null) {
    return await client.send(token, callOf(telegramChatId, content), signal);
  }
  await client.ask(token, changeCall[action](telegramChatId, messageId, content), signal);
  return { messageId };
}

const changeCall: Readonly<Record<"edit" | "delete", typeof editCallOf>> = {
  edit: editCallOf,
  delete: (chatId, messageId): TelegramCall => ({
    method: "deleteMessage",
    params: { chat_id: chatId, message_id: messageId },
  }),
};
