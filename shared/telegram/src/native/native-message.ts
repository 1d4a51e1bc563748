/** A message of our own chats as the Bot API shows it: `message_id` is its place in the chat. Pure. */
import type { TelegramObjects } from "@gramio/types";
import type { Attachment, BotChat, BotExtra, Entity, Keyboard, Message, Service } from "@rookery/protocol";
import { findEntities } from "../format/found-entity.ts";
import { pressOf } from "../outgoing.ts";
import { type FileName, lacksSides, mediaOf, type ShownFile } from "./native-media.ts";
import { nativeChat, nativeChatId, type NativePeople, nativeUser } from "./person.ts";

type Content = Partial<TelegramObjects.TelegramMessage>;

/** With what bots alone are told. */
export interface NativeMessage extends Message {
  readonly extra?: BotExtra | undefined;
}

/** What stands around a message. */
export interface NativeSetting {
  readonly chat: BotChat;
  readonly people: NativePeople;
  /** What it answers, where that is at hand. */
  readonly reply?: NativeMessage | undefined;
  /** How the bot names a file; where it names none, ours stands. */
  readonly fileName?: ((attachment: Attachment) => ShownFile) | undefined;
}

/** Telegram's `Message`. */
export function nativeMessage(
  message: NativeMessage,
  setting: NativeSetting,
): TelegramObjects.TelegramMessage {
  const { chat, people, reply, fileName } = setting;
  const shown = nativeChat(chat, people);
  const { editedAt, forward, keyboard, extra } = message;
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
    ...(reply === undefined ? {} : { reply_to_message: nativeMessage(reply, { chat, people, fileName }) }),
    ...(message.viaBotId === undefined ? {} : { via_bot: nativeUser(message.viaBotId, people) }),
    ...(extra?.mediaGroupId === undefined ? {} : { media_group_id: extra.mediaGroupId }),
    ...(extra?.isProtected === undefined ? {} : { has_protected_content: true }),
    ...contentOf(message, setting),
    ...(keyboard === undefined ? {} : inlineMarkup(keyboard)),
  };
}

/** Everybody whose name the message shows. */
export function peopleOfMessage({
  senderId,
  viaBotId,
  forward,
  entities,
  service,
}: Message): readonly number[] {
  return [
    senderId,
    ...(viaBotId === undefined ? [] : [viaBotId]),
    ...(forward === null ? [] : [forward.senderId]),
    ...entities.flatMap(({ userId }) => userId ?? []),
    ...(service?.userIds ?? []),
  ];
}

/** The file of a message whose sides are nowhere but in the file itself. */
export function picturesOfMessage({ attachments, extra }: NativeMessage): readonly string[] {
  const [file] = attachments;
  return file !== undefined && lacksSides(file, extra) ? [file.fileId] : [];
}

function contentOf(message: NativeMessage, { chat, people, fileName = ourName }: NativeSetting): Content {
  const { service, poll, location, contact, extra } = message;
  if (extra?.dice !== undefined) return { dice: extra.dice };
  if (service !== undefined) return serviceContent(service, people);
  if (poll !== undefined) return { poll: nativePoll(message, chat) };
  if (location !== undefined) {
    const { latitude, longitude, accuracyM } = location;
    const accuracy = accuracyM === undefined ? {} : { horizontal_accuracy: accuracyM };
    const place = { latitude, longitude, ...accuracy };
    const live = extra?.live?.isStopped === true ? undefined : extra?.live;
    return {
      location: {
        ...place,
        ...(live === undefined ? {} : { live_period: live.periodS }),
        ...(live?.heading === undefined ? {} : { heading: live.heading }),
        ...(live?.proximityM === undefined ? {} : { proximity_alert_radius: live.proximityM }),
      },
      ...(extra?.venue === undefined ? {} : { venue: { location: place, ...extra.venue } }),
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
  const entities = entitiesOf(message, people);
  if (attachment === undefined) {
    return { text: message.body, ...(entities.length === 0 ? {} : { entities }) };
  }
  return {
    ...mediaOf(attachment, extra, fileName(attachment)),
    ...(extra?.hasSpoiler === undefined ? {} : { has_media_spoiler: true }),
    ...(extra?.showCaptionAbove === undefined ? {} : { show_caption_above_media: true }),
    ...(message.body === "" ? {} : { caption: message.body }),
    ...(entities.length === 0 ? {} : { caption_entities: entities }),
  };
}

function ourName({ fileId }: Attachment): FileName {
  return { file_id: fileId, file_unique_id: fileId.slice(0, 32) };
}

function serviceContent(service: Service, people: NativePeople): Content {
  const users = service.userIds.map((userId) => nativeUser(userId, people));
  switch (service.action) {
    case "created":
      return { group_chat_created: true };
    case "joined":
      return { new_chat_members: users };
    case "left":
    case "removed":
      return users[0] === undefined ? {} : { left_chat_member: users[0] };
    case "renamed":
      return { new_chat_title: service.title ?? "" };
    case "role":
      return {};
  }
}

/** A bot said what its text is; what people wrote is looked through as Telegram's clients do before they send. */
function entitiesOf(message: NativeMessage, people: NativePeople): TelegramObjects.TelegramMessageEntity[] {
  const { body, entities, source } = message;
  const said = entities.filter(({ type }) => isEntityType(type));
  const found =
    source === "bot" ? [] : findEntities(body).filter((each) => !said.some((other) => overlap(other, each)));
  return [...said, ...found]
    .toSorted((one, other) => one.offset - other.offset || other.length - one.length)
    .flatMap((entity) => nativeEntity(entity, people) ?? []);
}

function overlap(one: Entity, other: Entity): boolean {
  return one.offset < other.offset + other.length && other.offset < one.offset + one.length;
}

const entityTypes: ReadonlySet<string> = new Set<EntityType>([
  "mention",
  "hashtag",
  "cashtag",
  "bot_command",
  "url",
  "email",
  "phone_number",
  "bold",
  "italic",
  "underline",
  "strikethrough",
  "spoiler",
  "blockquote",
  "expandable_blockquote",
  "code",
  "pre",
  "text_link",
  "text_mention",
  "custom_emoji",
]);

type EntityType = TelegramObjects.TelegramMessageEntityType;

function isEntityType(type: string): type is EntityType {
  return entityTypes.has(type);
}

/** Null: Telegram has no word for it. */
export function nativeEntity(
  entity: Entity,
  people: NativePeople,
): TelegramObjects.TelegramMessageEntity | null {
  const { type, offset, length, url, userId, language, customEmojiId } = entity;
  if (!isEntityType(type)) return null;
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
export function nativePoll({ seq, poll }: Message, chat: BotChat): TelegramObjects.TelegramPoll {
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
    is_closed: poll.closed ?? false,
    is_anonymous: false,
    type: "regular",
    allows_multiple_answers: poll.multiple,
    allows_revoting: true,
    members_only: false,
  };
}

/** Only what stands under a message is shown with it. */
function inlineMarkup({ rows, place = "inline" }: Keyboard): Content {
  if (place !== "inline") return {};
  return {
    reply_markup: {
      inline_keyboard: rows.map(({ buttons }) =>
        buttons.map((button) => ({ text: button.text, ...pressOf(button, "") })),
      ),
    },
  };
}

export function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
