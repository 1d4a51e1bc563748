/** A message of our own chats as the Bot API shows it: `message_id` is its place in the chat. Pure. */
import type { Attachment, BotChat, Entity, Keyboard, Message, Service } from "@rookery/protocol";
import { nativeChat, nativeChatId, type NativePeople, nativeUser } from "./person.ts";

/** What stands around a message. */
export interface NativeSetting {
  readonly chat: BotChat;
  readonly people: NativePeople;
  /** What it answers, where that is at hand. */
  readonly reply?: Message | undefined;
}

/** Telegram's `Message`. */
export function nativeMessage(message: Message, setting: NativeSetting): Readonly<Record<string, unknown>> {
  const { chat, people, reply } = setting;
  const shown = nativeChat(chat, people);
  const { editedAt, forward, keyboard } = message;
  return {
    message_id: message.seq,
    // In a channel it is the channel that speaks.
    ...(chat.type === "channel" ? { sender_chat: shown } : { from: nativeUser(message.senderId, people) }),
    chat: shown,
    date: seconds(message.ts),
    ...(editedAt === null ? {} : { edit_date: seconds(editedAt) }),
    ...(forward === null
      ? {}
      : {
          forward_origin: {
            type: "user",
            sender_user: nativeUser(forward.senderId, people),
            date: seconds(message.ts),
          },
        }),
    ...(reply === undefined ? {} : { reply_to_message: nativeMessage(reply, { chat, people }) }),
    ...contentOf(message, setting),
    ...(keyboard === undefined ? {} : inlineMarkup(keyboard)),
  };
}

/** Everybody whose name the message shows. */
export function peopleOfMessage({ senderId, forward, entities, service }: Message): readonly number[] {
  return [
    senderId,
    ...(forward === null ? [] : [forward.senderId]),
    ...entities.flatMap(({ userId }) => userId ?? []),
    ...(service?.userIds ?? []),
  ];
}

/** What a deleted message leaves, and what nobody can show any more. */
export function inaccessibleMessage(chat: BotChat, seq: number, people: NativePeople): object {
  return { message_id: seq, chat: nativeChat(chat, people), date: 0 };
}

function contentOf(message: Message, { chat, people }: NativeSetting): object {
  const { service, poll, location, contact } = message;
  if (service !== undefined) return serviceContent(service, people);
  if (poll !== undefined) return { poll: nativePoll(message, chat) };
  if (location !== undefined) {
    const { latitude, longitude, accuracyM } = location;
    const place = { latitude, longitude };
    return {
      location: accuracyM === undefined ? place : { ...place, horizontal_accuracy: accuracyM },
    };
  }
  if (contact !== undefined) {
    const { phone, firstName, lastName, userId } = contact;
    return {
      contact: {
        phone_number: phone,
        first_name: firstName,
        ...(lastName === undefined ? {} : { last_name: lastName }),
        ...(userId === undefined ? {} : { user_id: userId }),
      },
    };
  }
  const [attachment] = message.attachments;
  const entities = message.entities.map((entity) => nativeEntity(entity, people));
  if (attachment === undefined) {
    return { text: message.body, ...(entities.length === 0 ? {} : { entities }) };
  }
  return {
    ...fileContent(attachment),
    ...(message.body === "" ? {} : { caption: message.body }),
    ...(entities.length === 0 ? {} : { caption_entities: entities }),
  };
}

function serviceContent(service: Service, people: NativePeople): object {
  const users = service.userIds.map((userId) => nativeUser(userId, people));
  switch (service.action) {
    case "created":
      return { group_chat_created: true };
    case "joined":
      return { new_chat_members: users, new_chat_member: users[0] };
    case "left":
    case "removed":
      return { left_chat_member: users[0] };
    case "renamed":
      return { new_chat_title: service.title ?? "" };
    case "role":
      return {};
  }
}

const sized: ReadonlySet<string> = new Set(["video", "animation", "video_note"]);
const timed: ReadonlySet<string> = new Set(["video", "animation", "video_note", "audio", "voice"]);
const fileKinds: ReadonlySet<string> = new Set([...sized, "audio", "voice", "document", "sticker"]);

function fileContent({ fileId, kind, name, size, mime }: Attachment): object {
  const file = {
    file_id: fileId,
    file_unique_id: fileId.slice(0, 32),
    ...(size === undefined ? {} : { file_size: size }),
  };
  if (kind === "photo") return { photo: [{ ...file, width: 0, height: 0 }] };
  const field = fileKinds.has(kind) ? kind : "document";
  return {
    [field]: {
      ...file,
      ...(sized.has(field) ? { width: 0, height: 0 } : {}),
      ...(timed.has(field) ? { duration: 0 } : {}),
      ...(name === undefined ? {} : { file_name: name }),
      ...(mime === undefined ? {} : { mime_type: mime }),
    },
  };
}

export function nativeEntity(entity: Entity, people: NativePeople): object {
  const { type, offset, length, url, userId, language, customEmojiId } = entity;
  return {
    type,
    offset,
    length,
    ...(url === undefined ? {} : { url }),
    ...(userId === undefined ? {} : { user: nativeUser(userId, people) }),
    ...(language === undefined ? {} : { language }),
    ...(customEmojiId === undefined ? {} : { custom_emoji_id: customEmojiId }),
  };
}

/** Names a poll for ever. */
export function nativePollId(chat: BotChat, seq: number): string {
  return `${Math.abs(nativeChatId({ id: chat.id, type: "group" }))}${String(seq).padStart(10, "0")}`;
}

/** Telegram's `Poll` of a message that is one. */
export function nativePoll({ seq, poll }: Message, chat: BotChat): object {
  if (poll === undefined) throw new Error("the message is no poll");
  const voters = new Set(poll.options.flatMap(({ userIds }) => userIds));
  return {
    id: nativePollId(chat, seq),
    question: poll.question,
    options: poll.options.map(({ text, userIds }, place) => ({
      persistent_id: String(place),
      text,
      voter_count: userIds.length,
    })),
    total_voter_count: voters.size,
    is_closed: false,
    is_anonymous: false,
    type: "regular",
    allows_multiple_answers: poll.multiple,
    allows_revoting: true,
    members_only: false,
  };
}

/** Only what stands under a message is shown with it. */
function inlineMarkup({ rows, place = "inline" }: Keyboard): object {
  if (place !== "inline") return {};
  return {
    reply_markup: {
      inline_keyboard: rows.map(({ buttons }) =>
        buttons.map(({ text, data, url }) => ({
          text,
          ...(url === undefined ? { callback_data: data ?? "" } : { url }),
        })),
      ),
    },
  };
}

export function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
