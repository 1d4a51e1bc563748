import { z } from "zod";

/**
 * What we read of Telegram's Message and its parts. Everything else is ignored, and a part that is not as
 * documented counts as missing: a message must not be lost because Telegram grew a field.
 */
const int = z.int();
const name = z.string();

export const telegramUser = z.object({
  id: int,
  is_bot: z.boolean().catch(false),
  first_name: name.catch(""),
  last_name: name.optional().catch(undefined),
  username: name.optional().catch(undefined),
  language_code: name.optional().catch(undefined),
});
export type TelegramUser = z.infer<typeof telegramUser>;

export const telegramChat = z.object({
  id: int,
  type: z.enum(["private", "group", "supergroup", "channel"]).catch("group"),
  title: name.optional().catch(undefined),
  username: name.optional().catch(undefined),
  first_name: name.optional().catch(undefined),
  last_name: name.optional().catch(undefined),
});
export type TelegramChat = z.infer<typeof telegramChat>;

const entity = z.object({
  type: name,
  offset: int.min(0),
  length: int.min(1),
  url: name.optional().catch(undefined),
  language: name.optional().catch(undefined),
  custom_emoji_id: name.optional().catch(undefined),
});
/** An entity that cannot be read is left out, the others stay. */
const entities = z
  .array(entity.nullable().catch(null))
  .transform((list) => list.filter((each) => each !== null))
  .optional()
  .catch(undefined);
export type TelegramEntity = z.infer<typeof entity>;

const file = z.object({
  file_id: name,
  file_name: name.optional().catch(undefined),
  file_size: int.min(0).optional().catch(undefined),
  mime_type: name.optional().catch(undefined),
});
export type TelegramFile = z.infer<typeof file>;
const anyFile = file.optional().catch(undefined);

export const telegramMessage = z.looseObject({
  message_id: int,
  date: int.catch(0),
  chat: telegramChat,
  from: telegramUser.optional().catch(undefined),
  sender_chat: telegramChat.optional().catch(undefined),
  text: name.optional().catch(undefined),
  caption: name.optional().catch(undefined),
  entities,
  caption_entities: entities,
  photo: z
    .array(file.extend({ width: int.catch(0), height: int.catch(0) }))
    .optional()
    .catch(undefined),
  video: anyFile,
  animation: anyFile,
  audio: anyFile,
  voice: anyFile,
  video_note: anyFile,
  document: anyFile,
  sticker: file
    .extend({ emoji: name.optional().catch(undefined) })
    .optional()
    .catch(undefined),
  /** Telegram nests one level; of what is answered only its id matters here. */
  reply_to_message: z.object({ message_id: int }).optional().catch(undefined),
  migrate_to_chat_id: int.optional().catch(undefined),
  migrate_from_chat_id: int.optional().catch(undefined),
});
export type TelegramMessage = z.infer<typeof telegramMessage>;
