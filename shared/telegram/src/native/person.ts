/** People, bots and chats of our own as the Bot API shows them. Pure. */
import type { TelegramObjects } from "@gramio/types";
import type { BotChat, Standing, UserId } from "@rookery/protocol";

/** Somebody of whom a bot is told. */
export interface NativePerson {
  readonly id: UserId;
  readonly isBot: boolean;
  readonly displayName: string;
  readonly username: string | null;
  readonly language: string | null;
}

export type NativePeople = ReadonlyMap<UserId, NativePerson>;

/** Somebody whose account is gone still said what they said. */
export function nativeUser(userId: UserId, people: NativePeople): TelegramObjects.TelegramUser {
  const person = people.get(userId);
  if (person === undefined) return { id: userId, is_bot: false, first_name: "Deleted account" };
  const { isBot, displayName, username, language } = person;
  return {
    id: userId,
    is_bot: isBot,
    first_name: displayName,
    ...(username === null ? {} : { username }),
    ...(language === null || isBot ? {} : { language_code: language }),
  };
}

/** A private chat has the id of the other side, all others that of the chat below zero. */
export function nativeChatId({ id, type, peerId }: Pick<BotChat, "id" | "type" | "peerId">): number {
  return type === "direct" && peerId !== undefined ? peerId : 0 - id;
}

export function nativeChat(chat: BotChat, people: NativePeople): TelegramObjects.TelegramChat {
  const id = nativeChatId(chat);
  if (chat.type === "direct" && chat.peerId !== undefined) {
    const person = people.get(chat.peerId);
    const username = person?.username ?? null;
    return {
      id,
      type: "private",
      first_name: person?.displayName ?? "Deleted account",
      ...(username === null ? {} : { username }),
    };
  }
  return { id, type: chat.type === "channel" ? "channel" : "group", title: chat.title ?? "" };
}

/** What somebody is in a chat, in Telegram's words. */
export function nativeMember(
  userId: UserId,
  standing: Standing,
  people: NativePeople,
): TelegramObjects.TelegramChatMember {
  const user = nativeUser(userId, people);
  switch (standing) {
    case "owner":
      return { status: "creator", user, is_anonymous: false };
    case "admin":
      return { status: "administrator", user, can_be_edited: false, ...administratorRights };
    case "member":
      return { status: "member", user };
    case "reader":
      return { status: "restricted", user, is_member: true, until_date: 0, ...readerRights };
    case "left":
      return { status: "left", user };
    case "removed":
      return { status: "kicked", user, until_date: 0 };
  }
}

/** What our administrators may, by the names of Telegram's rights. */
const administratorRights = {
  is_anonymous: false,
  can_manage_chat: true,
  can_delete_messages: true,
  can_manage_video_chats: false,
  can_restrict_members: true,
  can_promote_members: false,
  can_change_info: true,
  can_invite_users: true,
  can_post_stories: false,
  can_edit_stories: false,
  can_delete_stories: false,
  can_post_messages: true,
  can_edit_messages: false,
  can_pin_messages: true,
  can_manage_topics: false,
  can_manage_direct_messages: false,
  can_manage_tags: false,
  can_send_welcome_messages: false,
};

const readerRights = {
  can_send_messages: false,
  can_send_audios: false,
  can_send_documents: false,
  can_send_photos: false,
  can_send_videos: false,
  can_send_video_notes: false,
  can_send_voice_notes: false,
  can_send_polls: false,
  can_send_other_messages: false,
  can_add_web_page_previews: false,
  can_react_to_messages: true,
  can_edit_tag: false,
  can_change_info: false,
  can_invite_users: false,
  can_pin_messages: false,
  can_manage_topics: false,
};
