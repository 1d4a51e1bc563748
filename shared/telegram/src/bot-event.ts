import type { BotEvent, BotInput, BotPerson, ChatId, UserId } from "@rookery/protocol";
import { z } from "zod";

const int = z.int();
const name = z.string();
const user = z.object({
  id: int,
  is_bot: z.boolean().catch(false),
  first_name: name.catch(""),
  last_name: name.nullish().catch(null),
  username: name.nullish().catch(null),
  language_code: name.nullish().catch(null),
});
const chat = z.object({ id: int, type: name.catch("group") });
const file = z.object({ file_id: name });
const anyFile = file.optional().catch(undefined);
const message = z.object({
  message_id: int,
  from: user.optional().catch(undefined),
  chat,
  text: name.optional().catch(undefined),
  caption: name.optional().catch(undefined),
  photo: z.array(file).optional().catch(undefined),
  video: anyFile,
  animation: anyFile,
  audio: anyFile,
  voice: anyFile,
  video_note: anyFile,
  document: anyFile,
  sticker: anyFile,
  contact: z
    .object({ phone_number: name, first_name: name.catch(""), user_id: int.optional().catch(undefined) })
    .optional()
    .catch(undefined),
  location: z
    .object({
      latitude: z.number().min(-90).max(90),
      longitude: z.number().min(-180).max(180),
      horizontal_accuracy: z.number().min(0).max(1_500).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
const callback = z.object({
  id: name,
  from: user,
  data: name.optional().catch(undefined),
  message: z.object({ message_id: int, chat }).optional().catch(undefined),
});
const kinds = ["animation", "video", "audio", "voice", "video_note", "document", "sticker"] as const;

/** What we know beside the update. */
export interface BotEventAbout {
  readonly botId: UserId;
  readonly botUsername: string;
  readonly updateId: number;
  readonly type: string;
  readonly chatId: ChatId | null;
}

/** An event before we know who the person is here. */
export type UnknownBotEvent = Omit<BotEvent, "person"> & {
  readonly person: Omit<BotPerson, "userId" | "role">;
};

/**
 * What a person did, or null where nobody did anything a bot answers: service messages, other bots, commands to other bots, and
 * the update types that are no message and no press.
 */
export function readBotEvent(
  raw: Readonly<Record<string, unknown>>,
  about: BotEventAbout,
): UnknownBotEvent | null {
  const { botUsername, ...known } = about;
  if (about.type === "message") {
    const parsed = message.safeParse(raw["message"]);
    if (!parsed.success || parsed.data.from === undefined || parsed.data.from.is_bot) return null;
    const input = inputOf(parsed.data, parsed.data.from.id, botUsername);
    if (input === null) return null;
    return { ...known, ...placeOf(parsed.data.chat), person: personOf(parsed.data.from), input, raw };
  }
  if (about.type !== "callback_query") return null;
  const parsed = callback.safeParse(raw["callback_query"]);
  if (!parsed.success) return null;
  const { id: queryId, from, data = null, message: pressed } = parsed.data;
  const place = pressed === undefined ? { telegramChatId: null, isPrivate: false } : placeOf(pressed.chat);
  const input: BotInput = { kind: "callback", queryId, data, messageId: pressed?.message_id ?? null };
  return { ...known, ...place, person: personOf(from), input, raw };
}

function inputOf(said: z.infer<typeof message>, fromId: number, botUsername: string): BotInput | null {
  const { text, caption = "", photo, contact, location } = said;
  if (text !== undefined) return textOf(text, botUsername);
  const largest = photo?.at(-1);
  if (largest !== undefined) return { kind: "file", fileKind: "photo", fileId: largest.file_id, caption };
  for (const fileKind of kinds) {
    const found = said[fileKind];
    if (found !== undefined) return { kind: "file", fileKind, fileId: found.file_id, caption };
  }
  if (contact !== undefined) {
    const { phone_number: phone, first_name: firstName, user_id: ownId } = contact;
    return { kind: "contact", phone, firstName, isOwn: ownId === fromId };
  }
  if (location !== undefined) {
    const { latitude, longitude, horizontal_accuracy: accuracyM } = location;
    return {
      kind: "location",
      location: { latitude, longitude, ...(accuracyM === undefined ? {} : { accuracyM }) },
    };
  }
  return null;
}

function textOf(text: string, botUsername: string): BotInput | null {
  const command = /^\/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+([^]*))?$/.exec(text);
  if (command === null) return { kind: "text", text };
  const [, name = "", whose, argument = ""] = command;
  if (whose !== undefined && whose.toLowerCase() !== botUsername.toLowerCase()) return null;
  return { kind: "command", name: name.toLowerCase(), argument: argument.trim() };
}

function placeOf({ id, type }: z.infer<typeof chat>) {
  return { telegramChatId: id, isPrivate: type === "private" };
}

function personOf(from: z.infer<typeof user>): UnknownBotEvent["person"] {
  return {
    telegramId: from.id,
    firstName: from.first_name,
    lastName: from.last_name ?? null,
    username: from.username ?? null,
    language: from.language_code ?? null,
  };
}
