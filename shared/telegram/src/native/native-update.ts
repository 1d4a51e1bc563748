/** What a bot of our own is told, as Telegram's `Update`. Pure. */
import type { TelegramObjects } from "@gramio/types";
import {
  type Attachment,
  type BotUpdate,
  inlineMessageId,
  type NativeUpdateType,
  type UserId,
} from "@rookery/protocol";
import type { ShownFile } from "./native-media.ts";
import {
  nativeMessage,
  nativePoll,
  nativePollId,
  peopleOfMessage,
  picturesOfMessage,
  seconds,
} from "./native-message.ts";
import { nativeChat, nativeLink, nativeMember, type NativePeople, nativeUser } from "./person.ts";

export type NumberedUpdate = Pick<BotUpdate, "type" | "payload"> & { readonly updateId: number };

/** What an update of some type holds. */
type Content = NonNullable<TelegramObjects.TelegramUpdate[NativeUpdateType]>;

/** Telegram's `Update`, with names as `people` has them; of files, as `fileName` does. */
export function nativeUpdate(
  { updateId, type, payload }: NumberedUpdate,
  people: NativePeople,
  fileName?: (attachment: Attachment) => ShownFile,
): TelegramObjects.TelegramUpdate {
  return { update_id: updateId, [type]: contentOf(payload, people, fileName) };
}

/** Everybody whose name the update shows. */
export function peopleOfUpdate({ payload: { chat, news } }: Pick<BotUpdate, "payload">): readonly UserId[] {
  const peer = chat.peerId === undefined ? [] : [chat.peerId];
  switch (news.kind) {
    case "message":
      return [
        ...peer,
        ...peopleOfMessage(news.message),
        ...(news.reply === undefined ? [] : peopleOfMessage(news.reply)),
      ];
    case "callback":
      return [...peer, news.userId, ...peopleOfMessage(news.message)];
    case "member":
      return [...peer, news.byId, news.userId];
    case "joinRequest":
      return [...peer, news.userId, ...(news.link === undefined ? [] : [news.link.creatorId])];
    case "inline":
    case "chosen":
    case "reaction":
    case "pollAnswer":
      return [...peer, news.userId];
    case "poll":
      return peer;
  }
}

/** Files whose sides it shows, and nobody has said. */
export function picturesOfUpdate({ payload: { news } }: Pick<BotUpdate, "payload">): readonly string[] {
  if (news.kind === "callback") return picturesOfMessage(news.message);
  if (news.kind !== "message") return [];
  return [news.message, ...(news.reply === undefined ? [] : [news.reply])].flatMap(picturesOfMessage);
}

function contentOf(
  { chat, atMs, news }: BotUpdate["payload"],
  people: NativePeople,
  fileName: ((attachment: Attachment) => ShownFile) | undefined,
): Content {
  const date = seconds(atMs);
  switch (news.kind) {
    case "message":
      return nativeMessage(news.message, { chat, people, fileName, reply: news.reply });
    case "callback":
      return {
        id: String(news.queryId),
        from: nativeUser(news.userId, people),
        ...(news.isInline === true
          ? { inline_message_id: inlineMessageId(chat.id, news.message.seq) }
          : { message: nativeMessage(news.message, { chat, people, fileName }) }),
        chat_instance: String(chat.id),
        data: news.data,
      };
    case "member":
      return {
        chat: nativeChat(chat, people),
        from: nativeUser(news.byId, people),
        date,
        old_chat_member: nativeMember(news.userId, news.before, people, {
          type: chat.type,
          trait: news.traitBefore,
          nowMs: atMs,
        }),
        new_chat_member: nativeMember(news.userId, news.after, people, {
          type: chat.type,
          trait: news.traitAfter,
          nowMs: atMs,
        }),
        ...(news.link === undefined ? {} : { invite_link: nativeLink(news.link, people) }),
      };
    case "inline":
      return {
        id: String(news.queryId),
        from: nativeUser(news.userId, people),
        query: news.query,
        offset: news.offset,
      };
    case "chosen":
      return {
        result_id: news.resultId,
        from: nativeUser(news.userId, people),
        query: news.query,
        ...(news.messageId === undefined ? {} : { inline_message_id: news.messageId }),
      };
    case "joinRequest":
      return {
        chat: nativeChat(chat, people),
        from: nativeUser(news.userId, people),
        // The private chat with them, if there is one.
        user_chat_id: news.userId,
        date,
        ...(news.link === undefined ? {} : { invite_link: nativeLink(news.link, people) }),
      };
    case "reaction":
      return {
        chat: nativeChat(chat, people),
        message_id: news.seq,
        user: nativeUser(news.userId, people),
        date,
        old_reaction: news.before.map(reactionType),
        new_reaction: news.after.map(reactionType),
      };
    case "poll":
      return nativePoll(news.message, chat);
    case "pollAnswer":
      return {
        poll_id: nativePollId(chat, news.seq),
        user: nativeUser(news.userId, people),
        option_ids: [...news.options],
        option_persistent_ids: news.options.map(String),
      };
  }
}

function reactionType(emoji: string): TelegramObjects.TelegramReactionType {
  // Ours may be any emoji.
  return { type: "emoji", emoji } as TelegramObjects.TelegramReactionTypeEmoji;
}
