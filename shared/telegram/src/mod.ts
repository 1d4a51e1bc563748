export { type BotEventAbout, readBotEvent, type UnknownBotEvent } from "./bot-event.ts";
export type { PollNews } from "./change.ts";
export {
  openTelegramClient,
  type SentMessage,
  type TelegramClient,
  type TelegramClientOptions,
  TelegramError,
  type UpdatesAsk,
  type WebhookInfo,
  type WebhookSetting,
} from "./client.ts";
export { formatText, type TextInput } from "./format/format.ts";
export { EntityError, type FormattedText } from "./format/formatted-text.ts";
export { findEntities } from "./format/found-entity.ts";
export type { TelegramChat, TelegramMessage, TelegramUser } from "./message.ts";
export {
  type NativeMessage,
  nativeMessage,
  nativePoll,
  type NativeSetting,
  peopleOfMessage,
  picturesOfMessage,
} from "./native/native-message.ts";
export { type FileNames, openFileNames } from "./native/file-names.ts";
export type { FileName, ShownFile } from "./native/native-media.ts";
export type { APIMethodReturn as MethodResult, APIMethods as Methods, TelegramObjects } from "@gramio/types";
export {
  nativeUpdate,
  type NumberedUpdate,
  peopleOfUpdate,
  picturesOfUpdate,
} from "./native/native-update.ts";
export {
  nativeChat,
  nativeChatId,
  nativeLink,
  nativeMember,
  nativePermissions,
  nativeRights,
  type NativePeople,
  type NativePerson,
} from "./native/person.ts";
export { callOf, editCallOf, markupOf, type TelegramCall } from "./outgoing.ts";
export { isTelegramToken, telegramIdOf } from "./token.ts";
export {
  senderOf,
  type TelegramSender,
  titleOf,
  type TranslatedMessage,
  translateMessage,
} from "./translation.ts";
export { chatOf, parseUpdate, readUpdate, type TelegramUpdate } from "./update.ts";
export { type UpdateType, updateTypes } from "./update-type.ts";
