import type {
  ActorRef,
  AddressedCommand,
  Birth,
  ChatId,
  Command,
  IncomingUpdate,
  Seq,
  TelegramChange,
  UserId,
} from "@rookery/protocol";
import {
  type PollNews,
  type TelegramChat,
  type TelegramUpdate,
  titleOf,
  translateMessage,
} from "@rookery/telegram";

/** Where an update belongs, in ids of ours. */
export interface UpdatePlace {
  readonly botId: UserId;
  /** Member and owner of the chat that is born by its first update. */
  readonly ownerId: UserId;
  /** Somebody here answers the bot's people. */
  readonly routed: boolean;
  /** Null where it is about no chat. */
  readonly chatId: ChatId | null;
  /** The message there that is the poll it is about. */
  readonly pollSeq: Seq | null;
  /** Whose doing it is; the bot's where Telegram names nobody. */
  readonly senderId: UserId;
}

/** All an update may weigh as JSON; Telegram's have a few kilobytes, and a command has to fit the log. */
const rawUnitsMax = 262_144;

/**
 * The command an update becomes. Its name is the update's, so that a repeated update changes nothing (L3). Pure.
 */
export function commandOfUpdate(
  update: TelegramUpdate,
  place: UpdatePlace,
  requestId: string,
): AddressedCommand {
  const { chatId, botId } = place;
  const actor: ActorRef = chatId === null ? { kind: "bot", id: botId } : { kind: "chat", id: chatId };
  return {
    actor,
    senderId: place.senderId,
    uuid: `tg-${update.updateId}`,
    source: "telegram",
    requestId,
    command: commandIn(update, place),
  };
}

/** The chat a group has become or was, where the update tells of that. */
export function moveOf(update: TelegramUpdate): { readonly from: number; readonly to: number } | null {
  if (update.kind !== "message") return null;
  const { chat, migrate_to_chat_id: to, migrate_from_chat_id: from } = update.message;
  if (to !== undefined) return { from: chat.id, to };
  return from === undefined ? null : { from, to: chat.id };
}

function commandIn(told: TelegramUpdate, place: UpdatePlace): Command {
  const update = incoming(told, place);
  if (told.kind === "bot") return { kind: "update", update, ...pollChangeOf(told.poll, place.pollSeq) };
  if (told.kind === "chat") {
    const birth = birthOf(told.chat, place);
    return { kind: "update", update, birth, ...(told.change === null ? {} : { change: told.change }) };
  }
  const { message } = told;
  const { kind, body, entities, attachments, ...rest } = translateMessage(message);
  const { poll, location, contact, replyToMessageId } = rest;
  const move = moveOf(told);
  return {
    kind: "send",
    messageKind: kind,
    body,
    ...(entities.length === 0 ? {} : { entities }),
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(poll === null ? {} : { poll }),
    ...(location === null ? {} : { location }),
    ...(contact === null ? {} : { contact }),
    telegram: {
      state: rest.telegram,
      birth: birthOf(message.chat, place),
      update,
      ...(replyToMessageId === null ? {} : { replyToMessageId }),
      ...(move === null ? {} : { movedTo: move.to }),
    },
  };
}

function pollChangeOf(news: PollNews | null, seq: Seq | null): { readonly change?: TelegramChange } {
  if (news === null || seq === null) return {};
  const { options } = news;
  return { change: options === null ? { kind: "pollClosed", seq } : { kind: "vote", seq, options } };
}

function incoming({ updateId, type, raw }: TelegramUpdate, { botId, routed }: UpdatePlace): IncomingUpdate {
  const units = JSON.stringify(raw).length;
  return {
    botId,
    updateId,
    type: type ?? "unknown",
    raw: units > rawUnitsMax ? { update_id: updateId, too_large: units } : raw,
    routed,
  };
}

function birthOf(chat: TelegramChat, { ownerId, botId }: UpdatePlace): Birth {
  return {
    type: "telegram",
    title: titleOf(chat),
    members: [{ userId: ownerId, role: "owner" }],
    telegram: { botId, chatId: chat.id },
  };
}
