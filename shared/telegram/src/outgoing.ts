import type { TelegramObjects } from "@gramio/types";
import type { Entity, Keyboard, OutgoingMessage } from "@rookery/protocol";

/** A call of the Bot API. */
export interface TelegramCall {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The call that sends one file of that kind; files Telegram does not know by kind are documents. */
const fileMethods: Readonly<Record<string, readonly [method: string, param: string]>> = {
  photo: ["sendPhoto", "photo"],
  video: ["sendVideo", "video"],
  animation: ["sendAnimation", "animation"],
  audio: ["sendAudio", "audio"],
  voice: ["sendVoice", "voice"],
  video_note: ["sendVideoNote", "video_note"],
  sticker: ["sendSticker", "sticker"],
};

/** The call that says this message in that chat. Pure. */
export function callOf(telegramChatId: number, message: OutgoingMessage): TelegramCall {
  const { method, params } = contentOf(message);
  const { keyboard, replyToMessageId } = message;
  return {
    method,
    params: {
      chat_id: telegramChatId,
      ...params,
      ...(keyboard === undefined ? {} : { reply_markup: markupOf(keyboard) }),
      ...(replyToMessageId === undefined
        ? {}
        : { reply_parameters: { message_id: replyToMessageId, allow_sending_without_reply: true } }),
    },
  };
}

/** The call that makes a message there what it is to be. Without a keyboard it has none from then on. Pure. */
export function editCallOf(
  telegramChatId: number,
  messageId: number,
  message: OutgoingMessage,
): TelegramCall {
  const { body, entities = [], attachments = [], keyboard } = message;
  const spans = entities.flatMap(toTelegram);
  const isFile = attachments.length > 0;
  return {
    method: isFile ? "editMessageCaption" : "editMessageText",
    params: {
      chat_id: telegramChatId,
      message_id: messageId,
      ...(isFile ? captionOf(body, spans) : textOf(body, spans)),
      ...(keyboard === undefined ? {} : { reply_markup: markupOf(keyboard) }),
    },
  };
}

/** The keyboard as Telegram's `reply_markup`. A button that says nothing to the bot is a press without effect. */
export function markupOf({ rows, place = "inline" }: Keyboard): object {
  if (place === "removed") return { remove_keyboard: true };
  if (place === "inline") {
    return {
      inline_keyboard: rows.map(({ buttons }) =>
        buttons.map((button) => ({ text: button.text, ...pressOf(button, "-") })),
      ),
    };
  }
  return {
    keyboard: rows.map(({ buttons }) =>
      buttons.map(({ text, request }) => ({
        text,
        ...(request === undefined ? {} : { [`request_${request}`]: true }),
      })),
    ),
    resize_keyboard: true,
  };
}

/** What a press on a button under a message does, as the Bot API says it. Pure. */
export function pressOf(
  { data, url, copy, inline, query = "" }: Keyboard["rows"][number]["buttons"][number],
  nothing: string,
): PressAction {
  if (url !== undefined) return { url };
  if (data !== undefined) return { callback_data: data };
  if (copy !== undefined) return { copy_text: { text: copy } };
  if (inline === "here") return { switch_inline_query_current_chat: query };
  return inline === "elsewhere" ? { switch_inline_query: query } : { callback_data: nothing };
}

type PressAction = Partial<TelegramObjects.TelegramInlineKeyboardButton>;

function contentOf({ body, entities = [], attachments = [], ...message }: OutgoingMessage): TelegramCall {
  const [file] = attachments;
  const spans = entities.flatMap(toTelegram);
  if (file !== undefined) {
    const [method, param] = fileMethods[file.kind] ?? ["sendDocument", "document"];
    return { method, params: { [param]: file.fileId, ...captionOf(body, spans) } };
  }
  if (message.location !== undefined) {
    const { latitude, longitude, accuracyM } = message.location;
    const accuracy = accuracyM === undefined ? {} : { horizontal_accuracy: accuracyM };
    return { method: "sendLocation", params: { latitude, longitude, ...accuracy } };
  }
  if (message.contact !== undefined) {
    const { phone, firstName, lastName } = message.contact;
    const name = lastName === undefined ? {} : { last_name: lastName };
    return { method: "sendContact", params: { phone_number: phone, first_name: firstName, ...name } };
  }
  if (message.poll !== undefined) {
    const { question, options, multiple = false } = message.poll;
    const choices = options.map((text) => ({ text }));
    return {
      method: "sendPoll",
      params: { question, options: choices, allows_multiple_answers: multiple, is_anonymous: false },
    };
  }
  return { method: "sendMessage", params: textOf(body, spans) };
}

function textOf(body: string, spans: readonly object[]): Readonly<Record<string, unknown>> {
  return { text: body, ...(spans.length === 0 ? {} : { entities: spans }) };
}

function captionOf(body: string, spans: readonly object[]): object {
  if (body === "") return {};
  return { caption: body, ...(spans.length === 0 ? {} : { caption_entities: spans }) };
}

/** Without those that speak of people here, whom Telegram does not know. */
function toTelegram({ type, offset, length, url, language, customEmojiId }: Entity): object[] {
  if (type === "text_mention") return [];
  return [
    {
      type,
      offset,
      length,
      ...(url === undefined ? {} : { url }),
      ...(language === undefined ? {} : { language }),
      ...(customEmojiId === undefined ? {} : { custom_emoji_id: customEmojiId }),
    },
  ];
}
