/** Shapes of the Bot API, as far as the simulator makes them. */
export type Json = Record<string, unknown>;

export interface UserJson {
  readonly id: number;
  readonly is_bot: boolean;
  readonly first_name: string;
  readonly last_name?: string;
  readonly username?: string;
  readonly language_code?: string;
}

export type ChatType = "private" | "group" | "supergroup" | "channel";

export interface ChatJson {
  readonly id: number;
  readonly type: ChatType;
  readonly title?: string;
  readonly username?: string;
  readonly first_name?: string;
  readonly last_name?: string;
}

/** Changed in place by edits; whoever keeps one copies it. */
export interface Message {
  readonly message_id: number;
  readonly date: number;
  readonly chat: ChatJson;
  from?: UserJson;
  text?: string;
  caption?: string;
  reply_markup?: Json;
  [field: string]: unknown;
}

export interface InlineButton {
  readonly text: string;
  readonly callback_data?: string;
  readonly [field: string]: unknown;
}

/** The buttons below a message, row by row; none when it has no inline keyboard. */
export function buttonsOf(message: Message): readonly InlineButton[] {
  const rows = message.reply_markup?.["inline_keyboard"];
  return Array.isArray(rows) ? (rows as InlineButton[][]).flat() : [];
}
