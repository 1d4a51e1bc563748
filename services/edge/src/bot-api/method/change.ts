/** What becomes of messages after they were sent. */
import { type ChatCommand, type Fault, type Keyboard, parseInlineMessageId } from "@rookery/protocol";
import { pinnedSeqs, reactedSeqs } from "@rookery/store";
import { nativePoll, type TelegramObjects } from "@rookery/telegram";
import { ApiRefusal, badRequest } from "../api-refusal.ts";
import { caption, captionOf, messageText } from "../content.ts";
import { replyMarkup } from "../markup.ts";
import { type Call, type Method, method } from "../method.ts";
import { chatId, flag, isFields, json, list, optionalInteger, seq, text, wordOf } from "../parameter.ts";
import { anyPlace, leads, type Place, placeOf } from "../place.ts";
import { submitOr } from "../say.ts";
import { messageAt, showMessage } from "../show.ts";
import { groupOf } from "./chat.ts";
import { takeMedia } from "../take-media.ts";

const notModified =
  "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";
const aimed = { chat_id: chatId, message_id: seq };
export const edited = { ...aimed, inline_message_id: text, reply_markup: replyMarkup };

type Rewrite = Omit<Extract<ChatCommand, { kind: "rewrite" }>, "kind" | "seq" | "keyboard">;

/** A message that is to be edited. */
export interface Target {
  readonly place: Place;
  readonly at: number;
  /** It was sent by way of the bot, and is not shown to it. */
  readonly isInline: boolean;
}

export async function editTarget(
  call: Call,
  values: { chat_id: string; message_id: number; inline_message_id: string },
): Promise<Target> {
  const { chat_id: chat, message_id: at, inline_message_id: inlineId } = values;
  if (chat === "" && inlineId !== "") return await inlineTarget(call, inlineId);
  if (chat === "" && at === 0) throw badRequest("message identifier is not specified");
  const place = await placeOf(call, chat);
  if (at === 0) throw badRequest("message identifier is not specified");
  return { place, at, isInline: false };
}

async function inlineTarget(call: Call, inlineId: string): Promise<Target> {
  const named = parseInlineMessageId(inlineId);
  const place = named === null ? null : await anyPlace(call, named.chatId);
  const message = named === null || place === null ? null : await messageAt(call, place, named.seq);
  // What is another's is not there.
  if (place === null || message?.viaBotId !== call.bot.id) throw badRequest("MESSAGE_ID_INVALID");
  return { place, at: message.seq, isInline: true };
}

const editWords: Partial<Record<Fault["code"], Error>> = {
  conflict: badRequest(notModified),
  not_found: badRequest("message to edit not found"),
  forbidden: badRequest("message can't be edited"),
};

export async function rewrite(
  call: Call,
  { place, at, isInline }: Target,
  about: { readonly keyboard: Keyboard | undefined; readonly change: Rewrite },
): Promise<TelegramObjects.TelegramMessage | true> {
  const { keyboard = null, change } = about;
  // Only what stands under a message can be changed.
  if (keyboard !== null && keyboard.place !== "inline") throw badRequest("inline keyboard expected");
  const command: ChatCommand = { kind: "rewrite", seq: at, ...change, keyboard };
  await submitOr<"changed">(call, place, { command, expected: "changed" }, editWords);
  return isInline ? true : await showMessage(call, place.chat, at);
}

/** Methods that change a text are for texts, those of captions for files. */
async function demandKind(call: Call, { place, at, isInline }: Target, isFile: boolean): Promise<void> {
  const message = await messageAt(call, place, at);
  if (message === null) throw badRequest("message to edit not found");
  if (message.senderId !== call.bot.id && !isInline) throw badRequest("message can't be edited");
  const hasFile = message.attachments.length > 0;
  if (isFile && !hasFile) throw badRequest("there is no caption in the message to edit");
  if (!isFile && (hasFile || message.kind !== "text"))
    throw badRequest("there is no text in the message to edit");
}

export const changeMethods: readonly Method[] = [
  method("editMessageText", edited, async (call, values) => {
    const target = await editTarget(call, values);
    const { text: body, entities } = messageText(call.args);
    await demandKind(call, target, false);
    return await rewrite(call, target, {
      keyboard: values.reply_markup,
      change: { body, entities },
    });
  }),
  method("editMessageCaption", edited, async (call, values) => {
    const target = await editTarget(call, values);
    const { text: body, entities } = caption(call.args);
    await demandKind(call, target, true);
    return await rewrite(call, target, {
      keyboard: values.reply_markup,
      change: { body, entities },
    });
  }),
  method("editMessageReplyMarkup", edited, async (call, values) => {
    const target = await editTarget(call, values);
    return await rewrite(call, target, { keyboard: values.reply_markup, change: {} });
  }),
  method("editMessageMedia", { ...edited, media: json("InputMedia") }, async (call, values) => {
    const target = await editTarget(call, values);
    const { media: item } = values;
    if (!isFields(item)) throw badRequest("media must be non-empty");
    const type = item["type"];
    if (
      type !== "photo" &&
      type !== "video" &&
      type !== "document" &&
      type !== "audio" &&
      type !== "animation"
    ) {
      throw badRequest("can't parse InputMedia: Media type is unsupported");
    }
    if ((await messageAt(call, target.place, target.at)) === null)
      throw badRequest("message to edit not found");
    const words = captionOf(item);
    const { attachment, extra } = await takeMedia(call, type, wordOf(item, "media"), item);
    const change = {
      messageKind: type,
      body: words.text,
      entities: words.entities,
      attachments: [attachment],
      extra,
    };
    return await rewrite(call, target, { keyboard: values.reply_markup, change });
  }),
  method("stopPoll", { ...aimed, reply_markup: replyMarkup }, async (call, values) => {
    const place = await placeOf(call, values.chat_id);
    const command: ChatCommand = {
      kind: "closePoll",
      seq: values.message_id,
      keyboard: values.reply_markup ?? null,
    };
    await submitOr<"changed">(
      call,
      place,
      { command, expected: "changed" },
      {
        conflict: badRequest("poll has already been closed"),
        not_found: badRequest("message with poll to stop not found"),
        forbidden: badRequest("poll can't be stopped"),
        invalid: badRequest("message is not a poll"),
      },
    );
    const message = await messageAt(call, place, values.message_id);
    if (message === null) throw badRequest("message with poll to stop not found");
    return nativePoll(message, place.chat);
  }),
  method("deleteMessage", aimed, async (call, values) => {
    const place = await placeOf(call, values.chat_id);
    if (values.message_id === 0) throw badRequest("message identifier is not specified");
    await remove(call, place, values.message_id, 0);
    return true;
  }),
  method(
    "deleteMessages",
    { chat_id: chatId, message_ids: list("message identifiers") },
    async (call, values) => {
      const place = await placeOf(call, values.chat_id);
      const seqs = seqsOf(values.message_ids);
      for (const [nth, at] of seqs.entries()) {
        // Those that are gone, or are not the bot's to delete, are passed over.
        await remove(call, place, at, nth).catch((error: unknown) => {
          if (!(error instanceof ApiRefusal) || error.code !== 400) throw error;
        });
      }
      return true;
    },
  ),
  method(
    "setMessageReaction",
    { ...aimed, reaction: list("ReactionType"), is_big: flag },
    async (call, values) => {
      const place = await placeOf(call, values.chat_id);
      const message = await messageAt(call, place, values.message_id);
      if (message === null) throw badRequest("message to react not found");
      const wanted = (values.reaction ?? []).map((each) => {
        const emoji = isFields(each) && each["type"] === "emoji" ? each["emoji"] : undefined;
        if (typeof emoji !== "string" || !/^[^\p{Cc}\s_A-Za-z]{1,16}$/u.test(emoji))
          throw badRequest("REACTION_INVALID");
        return emoji;
      });
      const now = Object.entries(message.reactions).flatMap(([emoji, ids]) =>
        ids.includes(call.bot.id) ? [emoji] : [],
      );
      const steps = [
        ...now.filter((emoji) => !wanted.includes(emoji)).map((emoji) => ({ emoji, remove: true })),
        ...wanted.filter((emoji) => !now.includes(emoji)).map((emoji) => ({ emoji, remove: false })),
      ];
      for (const step of steps) {
        // What is so already changes nothing: the command is its own name.
        const command: ChatCommand = { kind: "react", seq: values.message_id, ...step };
        await submitOr<"changed">(
          { ...call, key: undefined },
          place,
          { command, expected: "changed" },
          {
            not_found: badRequest("message to react not found"),
            invalid: badRequest("REACTIONS_TOO_MANY"),
          },
        );
      }
      return true;
    },
  ),
  method("deleteMessageReaction", { ...aimed, user_id: optionalInteger }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    if (values.user_id === undefined) throw badRequest("invalid user_id specified");
    await unreact(call, place, values.message_id, values.user_id);
    return true;
  }),
  method(
    "deleteAllMessageReactions",
    { chat_id: chatId, user_id: optionalInteger },
    async (call, { chat_id: chat, user_id: userId }) => {
      const place = await groupOf(call, chat);
      if (userId === undefined) throw badRequest("invalid user_id specified");
      if (!leads(place)) throw noReactionRights;
      for (const at of await reactedSeqs(call.context.store, place, userId))
        await unreact(call, place, at, userId);
      return true;
    },
  ),
  method("pinChatMessage", { ...aimed, disable_notification: flag }, (call, values) =>
    pin(call, values, false),
  ),
  method("unpinChatMessage", aimed, (call, values) => pin(call, values, true)),
  method("unpinAllChatMessages", { chat_id: chatId }, async (call, values) => {
    const place = await placeOf(call, values.chat_id);
    // What is left of them is no longer the same list for a repeat; what is unpinned already changes nothing.
    const unnamed = { ...call, key: undefined };
    for (const at of await pinnedSeqs(call.context.store, place.id)) await pinAt(unnamed, place, at, true);
    return true;
  }),
];

const noReactionRights = badRequest("not enough rights to delete reactions");

async function unreact(call: Call, place: Place, at: number, userId: number): Promise<void> {
  const command: ChatCommand = { kind: "unreact", seq: at, userId };
  await submitOr<"changed">(
    { ...call, key: undefined },
    place,
    { command, expected: "changed" },
    { not_found: badRequest("message to react not found"), forbidden: noReactionRights },
  );
}

export function seqsOf(said: readonly unknown[] | undefined): number[] {
  const seqs = (said ?? []).map(Number).filter((each) => Number.isSafeInteger(each) && each > 0);
  if (seqs.length === 0) throw badRequest("message identifiers are not specified");
  if (seqs.length > 100) throw badRequest("too many message identifiers specified");
  return [...new Set(seqs)].toSorted((one, other) => one - other);
}

async function remove(call: Call, place: Place, at: number, nth: number): Promise<void> {
  if ((await messageAt(call, place, at)) === null && call.key === undefined) {
    throw badRequest("message to delete not found");
  }
  const command: ChatCommand = { kind: "delete", seq: at };
  await submitOr<"changed">(
    call,
    place,
    { command, expected: "changed", place: nth },
    {
      not_found: badRequest("message to delete not found"),
      forbidden: badRequest("message can't be deleted for everyone"),
    },
  );
}

async function pin(
  call: Call,
  values: { chat_id: string; message_id: number },
  isRemoval: boolean,
): Promise<true> {
  const place = await placeOf(call, values.chat_id);
  const [last] =
    values.message_id === 0 && isRemoval
      ? await pinnedSeqs(call.context.store, place.id)
      : [values.message_id];
  // A repeat of what unpinned the last one has nothing to unpin, and is told what came of it.
  if (last === undefined && call.key === undefined) throw badRequest("message to unpin not found");
  await pinAt(call, place, last ?? 0, isRemoval);
  return true;
}

async function pinAt(call: Call, place: Place, at: number, isRemoval: boolean): Promise<void> {
  const command: ChatCommand = { kind: "pin", seq: at, remove: isRemoval };
  await submitOr<"changed">(
    call,
    place,
    { command, expected: "changed" },
    {
      not_found: badRequest(isRemoval ? "message to unpin not found" : "message to pin not found"),
      forbidden: badRequest("not enough rights to manage pinned messages in the chat"),
    },
  );
}
