export {
  openTelegramClient,
  type TelegramClient,
  type TelegramClientOptions,
  TelegramError,
  type WebhookSetting,
} from "./client.ts";
export type { TelegramChat, TelegramMessage, TelegramUser } from "./message.ts";
export { isTelegramToken } from "./token.ts";
export {
  senderOf,
  type TelegramSender,
  titleOf,
  type TranslatedMessage,
  translateMessage,
} from "./translation.ts";
export { parseUpdate, type TelegramUpdate } from "./update.ts";
export { type UpdateType, updateTypes } from "./update-type.ts";
