/** Sends: each is a command to the chat, answered with the message as it was committed. */
import { randomInt } from "node:crypto";
import type {
  Attachment,
  BotExtra,
  ChatCommand,
  Contact,
  Entity,
  Fault,
  Forward,
  Location,
  PollDraft,
} from "@rookery/protocol";
import { nativeChatId, type TelegramObjects } from "@rookery/telegram";
import { ApiRefusal, badRequest } from "../api-refusal.ts";
import { caption, captionOf, messageText, type ReplyAsk, replyAsk } from "../content.ts";
import { replyMarkup } from "../markup.ts";
import { type Call, type Method, method } from "../method.ts";
import { chatId, flag, integer, isFields, list, text, wordOf } from "../parameter.ts";
import { type Place, placeOf } from "../place.ts";
import { messageAt, showMessage, showMessages } from "../show.ts";
import { albumId, submitOr } from "../say.ts";
import { type MediaKind, takeMedia } from "../take-media.ts";

/** What every send takes. */
export const sending = {
  chat_id: chatId,
  reply_parameters: replyAsk,
  reply_markup: replyMarkup,
  protect_content: flag,
};

/** What a send says beside its common parts. */
export interface Said {
  readonly kind: string;
  readonly body?: string;
  readonly entities?: readonly Entity[];
  readonly attachments?: readonly Attachment[];
  readonly poll?: PollDraft;
  readonly location?: Location;
  readonly contact?: Contact;
  readonly forward?: Forward;
  readonly extra?: BotExtra;
}

type Sending = {
  readonly reply_parameters: ReplyAsk | null;
  readonly reply_markup: Extract<ChatCommand, { kind: "send" }>["keyboard"];
  readonly protect_content: boolean;
};

type Words = Partial<Record<Fault["code"], Error>>;

function wordsOf(what: "channel" | "group", forbidden: string): Words {
  return {
    forbidden: badRequest(forbidden),
    not_found: new ApiRefusal(403, `bot is not a member of the ${what} chat`),
  };
}

/** Made once: an error costs a stack, and a send needs them only when it is refused. */
const inChannels = wordsOf("channel", "need administrator rights in the channel chat");
const elsewhere = wordsOf("group", "not enough rights to send text messages to the chat");

/** Why a bot may not write somewhere, as Telegram says it. */
export function writingWords({ type }: Place): Words {
  return type === "channel" ? inChannels : elsewhere;
}

/** The place of what is answered. @throws ApiRefusal `message to be replied not found` */
async function replyTo(call: Call, place: Place, asked: Sending["reply_parameters"]): Promise<number | null> {
  if (asked === null) return null;
  // What stands in another chat is answered there.
  const isHere = asked.chatId === "" || Number(asked.chatId) === nativeChatId(place.chat);
  if (isHere && (await messageAt(call, place, asked.seq)) !== null) return asked.seq;
  if (asked.isLoose) return null;
  throw badRequest("message to be replied not found");
}

export async function sendTo(
  call: Call,
  place: Place,
  said: Said & { readonly values: Sending; readonly nth?: number },
): Promise<number> {
  const { values, nth = 0, kind, body = "", extra, ...content } = said;
  const reply = await replyTo(call, place, values.reply_parameters);
  const more: BotExtra = { ...extra, ...(values.protect_content ? { isProtected: true } : {}) };
  const command: ChatCommand = {
    kind: "send",
    messageKind: kind,
    body,
    ...content,
    ...(Object.keys(more).length === 0 ? {} : { extra: more }),
    ...(reply === null ? {} : { replyTo: reply }),
    ...(values.reply_markup === undefined ? {} : { keyboard: values.reply_markup }),
  };
  const outcome = await submitOr<"sent">(
    call,
    place,
    { command, expected: "sent", place: nth },
    writingWords(place),
  );
  return outcome.seq;
}

export async function sendOne(
  call: Call,
  values: Sending & { readonly chat_id: string },
  said: Said,
): Promise<TelegramObjects.TelegramMessage> {
  const place = await placeOf(call, values.chat_id);
  return await showMessage(call, place.chat, await sendTo(call, place, { ...said, values }));
}

type SendFileMethod =
  `send${"Photo" | "Document" | "Video" | "Audio" | "Voice" | "Animation" | "Sticker" | "VideoNote"}`;

/** `sendPhoto` and the like: a file with its caption. */
function sendFileMethod(name: SendFileMethod, field: MediaKind): Method {
  return method(
    name,
    { ...sending, has_spoiler: flag, show_caption_above_media: flag },
    async (call, values) => {
      const place = await placeOf(call, values.chat_id);
      const words =
        field === "sticker" || field === "video_note" ? { text: "", entities: [] } : caption(call.args);
      const { attachment, extra } = await takeMedia(call, field, call.args.text(field));
      const seq = await sendTo(call, place, {
        kind: field,
        body: words.text,
        entities: words.entities,
        attachments: [attachment],
        extra: {
          ...extra,
          ...(values.has_spoiler ? { hasSpoiler: true } : {}),
          ...(values.show_caption_above_media ? { showCaptionAbove: true } : {}),
        },
        values,
      });
      return await showMessage(call, place.chat, seq);
    },
  );
}

export function needed(value: string, words: string): string {
  if (!/\S/.test(value)) throw badRequest(words);
  return value;
}

const diceMax: Readonly<Record<string, number>> = { "🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64 };

/** Telegram's; people may have more. */
const pollOptionsMax = 12;

function optionsOf(said: readonly unknown[] | undefined): string[] {
  const options = (said ?? []).map((each) => {
    const option = typeof each === "string" ? each : isFields(each) ? each["text"] : undefined;
    if (typeof option !== "string" || !/\S/.test(option)) throw badRequest("poll options must be non-empty");
    if (option.length > 100) throw badRequest("poll options length must not exceed 100");
    return option;
  });
  if (options.length < 2) throw badRequest("poll must have at least 2 option");
  if (options.length > pollOptionsMax)
    throw badRequest(`poll can't have more than ${pollOptionsMax} options`);
  return options;
}

export const sendMethods: readonly Method[] = [
  method("sendMessage", sending, async (call, values) => {
    const place = await placeOf(call, values.chat_id);
    const { text: body, entities } = messageText(call.args);
    return await showMessage(
      call,
      place.chat,
      await sendTo(call, place, { kind: "text", body, entities, values }),
    );
  }),
  sendFileMethod("sendPhoto", "photo"),
  sendFileMethod("sendDocument", "document"),
  sendFileMethod("sendVideo", "video"),
  sendFileMethod("sendAudio", "audio"),
  sendFileMethod("sendVoice", "voice"),
  sendFileMethod("sendAnimation", "animation"),
  sendFileMethod("sendSticker", "sticker"),
  sendFileMethod("sendVideoNote", "video_note"),
  method("sendMediaGroup", { ...sending, media: list("media") }, async (call, values) => {
    const place = await placeOf(call, values.chat_id);
    const media = values.media ?? [];
    if (media.length < 2 || media.length > 10) throw badRequest("media group must include 2-10 items");
    const parts = await Promise.all(
      media.map(async (item) => {
        if (!isFields(item)) throw badRequest("can't parse InputMedia: Expected an Object");
        const type = item["type"];
        if (type !== "photo" && type !== "video" && type !== "document" && type !== "audio") {
          throw badRequest(`type "${wordOf(item, "type")}" can't be used in sendMediaGroup`);
        }
        const words = captionOf(item);
        return { type, words, ...(await takeMedia(call, type, wordOf(item, "media"), item)) } as const;
      }),
    );
    for (const [kind, what] of [
      ["audio", "audio"],
      ["document", "documents"],
    ] as const) {
      const count = parts.filter(({ type }) => type === kind).length;
      if (count > 0 && count < parts.length)
        throw badRequest(`${what} can't be mixed with other media types`);
    }
    const mediaGroupId = albumId(call);
    const seqs: number[] = [];
    for (const [nth, { type, words, attachment, extra }] of parts.entries()) {
      const { text: body, entities } = words;
      const said = {
        kind: type,
        body,
        entities,
        attachments: [attachment],
        extra: { ...extra, mediaGroupId },
      };
      seqs.push(await sendTo(call, place, { ...said, values: { ...values, reply_markup: undefined }, nth }));
    }
    return await showMessages(call, place.chat, seqs);
  }),
  method(
    "sendContact",
    { ...sending, phone_number: text, first_name: text, last_name: text },
    (call, values) => {
      const phone = needed(values.phone_number, "phone number is empty");
      const firstName = needed(values.first_name, "first name is empty");
      const last = values.last_name === "" ? {} : { lastName: values.last_name };
      return sendOne(call, values, { kind: "contact", contact: { phone, firstName, ...last } });
    },
  ),
  method(
    "sendPoll",
    { ...sending, question: text, options: list("poll options"), type: text, allows_multiple_answers: flag },
    (call, values) => {
      if (values.type === "quiz") throw badRequest("quiz polls are not supported");
      const question = needed(values.question, "poll question must be non-empty");
      if (question.length > 300) throw badRequest("poll question length must not exceed 300");
      const poll = { question, options: optionsOf(values.options), multiple: values.allows_multiple_answers };
      return sendOne(call, values, { kind: "poll", poll });
    },
  ),
  method("sendDice", { ...sending, emoji: text }, (call, values) => {
    const emoji = values.emoji === "" ? "🎲" : values.emoji;
    const most = diceMax[emoji];
    if (most === undefined) throw badRequest("dice emoji is invalid");
    const value = randomInt(1, most + 1);
    return sendOne(call, values, {
      kind: "dice",
      body: `${emoji} ${value}`,
      extra: { dice: { emoji, value } },
    });
  }),
  method(
    "sendChatAction",
    { chat_id: chatId, action: text, message_thread_id: integer(0, 0, 1) },
    async (call, values) => {
      const place = await placeOf(call, values.chat_id);
      if (
        !/^(typing|(upload|record)_(photo|video|voice|audio|document|video_note)|choose_sticker|find_location)$/.test(
          values.action,
        )
      ) {
        throw badRequest("wrong parameter action in request");
      }
      call.context.showTyping(place.id, call.bot.id);
      return true;
    },
  ),
];
