/** What an update that is no message changes of its chat, in Telegram's own ids. Pure. */
import { emojiPattern, limits, type TelegramChange } from "@rookery/protocol";
import { z } from "zod";
import { telegramMessage, telegramUser } from "./message.ts";
import { translateMessage } from "./translation.ts";
import type { UpdateType } from "./update-type.ts";

const reaction = z.object({
  message_id: z.int().min(1),
  new_reaction: z.array(
    z.object({
      type: z.string(),
      emoji: z.string().optional().catch(undefined),
      custom_emoji_id: z.string().optional().catch(undefined),
    }),
  ),
});
const pollAnswer = z.object({
  poll_id: z.string(),
  option_ids: z.array(z.int().min(0)).max(limits.pollOptionsMax),
});
const poll = z.object({ id: z.string(), is_closed: z.boolean().catch(false) });
const membership = z.object({ new_chat_member: z.object({ status: z.string(), user: telegramUser }) });

/** Null: nothing that we show. */
export function readChange(type: UpdateType, value: unknown): TelegramChange | null {
  if (type === "edited_message" || type === "edited_channel_post") return readEdit(value);
  if (type === "message_reaction") return readReaction(value);
  if (type !== "my_chat_member") return null;
  const parsed = membership.safeParse(value);
  return parsed.success ? { kind: "membership", status: parsed.data.new_chat_member.status } : null;
}

function readEdit(value: unknown): TelegramChange | null {
  const parsed = telegramMessage.safeParse(value);
  if (!parsed.success || parsed.data.message_id < 1) return null;
  const { kind: messageKind, body, entities, attachments, location } = translateMessage(parsed.data);
  return {
    kind: "edit",
    messageId: parsed.data.message_id,
    body,
    entities,
    messageKind,
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(location === null ? {} : { location }),
  };
}

/** What is told of a poll that the bot has sent, by Telegram's id of it. */
export interface PollNews {
  readonly pollId: string;
  /** The sender's choice from here on; null: it takes no more votes. */
  readonly options: readonly number[] | null;
}

/** Null: nothing that we show. Of an open poll Telegram tells counts, and each vote by itself. */
export function readPollNews(type: UpdateType, value: unknown): PollNews | null {
  if (type === "poll_answer") {
    const parsed = pollAnswer.safeParse(value);
    return parsed.success ? { pollId: parsed.data.poll_id, options: parsed.data.option_ids } : null;
  }
  if (type !== "poll") return null;
  const parsed = poll.safeParse(value);
  return parsed.success && parsed.data.is_closed ? { pollId: parsed.data.id, options: null } : null;
}

/** All that this person's reactions are from here on; custom emoji by their ids. */
function readReaction(value: unknown): TelegramChange | null {
  const parsed = reaction.safeParse(value);
  if (!parsed.success) return null;
  const emojis = parsed.data.new_reaction.flatMap(({ type, emoji, custom_emoji_id: custom }) => {
    if (type === "paid") return ["⭐"];
    const word = emoji ?? (custom === undefined ? "" : `#${custom}`);
    return emojiPattern.test(word) && Buffer.byteLength(word) <= limits.emojiBytesMax ? [word] : [];
  });
  return { kind: "react", messageId: parsed.data.message_id, emojis: [...new Set(emojis)] };
}
