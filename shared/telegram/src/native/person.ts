/** People, bots and chats of our own as the Bot API shows them. Pure. */
import type { TelegramObjects } from "@gramio/types";
import {
  type AdminRight,
  type BotChat,
  type ChatLink,
  type ChatType,
  type MemberPermission,
  memberPermissions,
  type MemberTrait,
  type Standing,
  type UserId,
  usuallyForbidden,
  usualRights,
} from "@rookery/protocol";

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

/** What is so of somebody in a chat beside what they are there. */
export interface MemberSetting {
  readonly type: ChatType;
  readonly trait?: MemberTrait | undefined;
  /** What no member may. */
  readonly forbids?: readonly MemberPermission[] | undefined;
  /** The bot that is told. */
  readonly viewerId?: UserId;
  readonly nowMs: number;
}

/** What somebody is in a chat, in Telegram's words. */
export function nativeMember(
  userId: UserId,
  standing: Standing,
  people: NativePeople,
  { type, trait = {}, forbids: ofAll, viewerId, nowMs }: MemberSetting,
): TelegramObjects.TelegramChatMember {
  const user = nativeUser(userId, people);
  const { title, rights = usualRights, forbids = [], untilMs, promotedBy, bannedUntilMs } = trait;
  const custom = title === undefined ? {} : { custom_title: title };
  switch (standing) {
    case "owner":
      return { status: "creator", user, is_anonymous: false, ...custom };
    case "admin": {
      const isOurs = viewerId !== undefined && promotedBy === viewerId;
      return { status: "administrator", user, can_be_edited: isOurs, ...nativeRights(rights), ...custom };
    }
    case "member":
    case "reader":
    case "left": {
      // Who reads a channel is a member of it, as all are.
      const isReader = standing === "reader" && type === "group";
      const isRestricted = isReader || (forbids.length > 0 && (untilMs === undefined || nowMs < untilMs));
      if (!isRestricted) return standing === "left" ? { status: "left", user } : { status: "member", user };
      const forbidden = isReader ? memberPermissions : [...(ofAll ?? usuallyForbidden), ...forbids];
      const until = isReader || untilMs === undefined ? 0 : Math.floor(untilMs / 1_000);
      return {
        status: "restricted",
        user,
        is_member: standing !== "left",
        until_date: until,
        ...nativePermissions(forbidden),
      };
    }
    case "removed":
      return {
        status: "kicked",
        user,
        until_date: bannedUntilMs === undefined ? 0 : Math.floor(bannedUntilMs / 1_000),
      };
  }
}

/** What members may to whom this is forbidden. */
export function nativePermissions(
  forbids: readonly MemberPermission[],
): Required<TelegramObjects.TelegramChatPermissions> {
  const may = (right: MemberPermission): boolean => !forbids.includes(right);
  return {
    can_send_messages: may("send_messages"),
    can_send_audios: may("send_audios"),
    can_send_documents: may("send_documents"),
    can_send_photos: may("send_photos"),
    can_send_videos: may("send_videos"),
    can_send_video_notes: may("send_video_notes"),
    can_send_voice_notes: may("send_voice_notes"),
    can_send_polls: may("send_polls"),
    can_send_other_messages: may("send_other_messages"),
    can_add_web_page_previews: may("add_web_page_previews"),
    can_react_to_messages: may("react_to_messages"),
    can_edit_tag: false,
    can_change_info: may("change_info"),
    can_invite_users: may("invite_users"),
    can_pin_messages: may("pin_messages"),
    can_manage_topics: false,
  };
}

/** What an administrator may; what nobody has here nobody may. */
export function nativeRights(
  rights: readonly AdminRight[],
): Required<TelegramObjects.TelegramChatAdministratorRights> {
  const may = (right: AdminRight): boolean => rights.includes(right);
  return {
    is_anonymous: false,
    can_manage_chat: true,
    can_delete_messages: may("delete_messages"),
    can_manage_video_chats: false,
    can_restrict_members: may("restrict_members"),
    can_promote_members: may("promote_members"),
    can_change_info: may("change_info"),
    can_invite_users: may("invite_users"),
    can_post_stories: false,
    can_edit_stories: false,
    can_delete_stories: false,
    can_post_messages: may("post_messages"),
    can_edit_messages: may("edit_messages"),
    can_pin_messages: may("pin_messages"),
    can_manage_topics: false,
    can_manage_direct_messages: false,
    can_manage_tags: false,
    can_send_welcome_messages: false,
  };
}

/** A link by which people come. */
export function nativeLink(link: ChatLink, people: NativePeople): TelegramObjects.TelegramChatInviteLink {
  const { url, creatorId, asks, isPrimary, isRevoked, name, expiresMs, memberLimit } = link;
  return {
    invite_link: url,
    creator: nativeUser(creatorId, people),
    creates_join_request: asks,
    is_primary: isPrimary,
    is_revoked: isRevoked,
    ...(name === undefined ? {} : { name }),
    ...(expiresMs === undefined ? {} : { expire_date: Math.floor(expiresMs / 1_000) }),
    ...(memberLimit === undefined ? {} : { member_limit: memberLimit }),
  };
}
