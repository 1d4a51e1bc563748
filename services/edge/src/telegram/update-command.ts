import type { AddressedCommand, ChatId, UserId } from "@rookery/protocol";
import { type TelegramUpdate, titleOf, translateMessage } from "@rookery/telegram";

/** Where an update belongs, in ids of ours. */
export interface UpdatePlace {
  readonly botId: UserId;
  /** Member and owner of the chat that is born by its first message. */
  readonly ownerId: UserId;
  readonly chatId: ChatId;
  readonly senderId: UserId;
}

/**
 * The command an update with a message becomes. Its name is the update's, so that a repeated update changes
 * nothing (L3). Pure.
 */
export function commandOfUpdate(
  update: Extract<TelegramUpdate, { readonly kind: "message" }>,
  place: UpdatePlace,
  requestId: string,
): AddressedCommand {
  const { message } = update;
  const { kind, body, entities, replyTo, attachments, telegram } = translateMessage(message);
  return {
    actor: { kind: "chat", id: place.chatId },
    senderId: place.senderId,
    uuid: `tg-${update.updateId}`,
    source: "telegram",
    requestId,
    command: {
      kind: "send",
      messageKind: kind,
      body,
      ...(entities.length === 0 ? {} : { entities }),
      ...(replyTo === null ? {} : { replyTo }),
      ...(attachments.length === 0 ? {} : { attachments }),
      telegram: {
        state: telegram,
        birth: {
          type: "telegram",
          title: titleOf(message.chat),
          members: [{ userId: place.ownerId, role: "owner" }],
          telegram: { botId: place.botId, chatId: message.chat.id },
        },
      },
    },
  };
}
