import type {
  Attachment,
  BotExtra,
  Contact,
  Entity,
  Forward,
  Keyboard,
  Location,
  Message,
  Poll,
  Service,
  Source,
  TelegramState,
} from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** What few messages have, so that the others pay nothing for it. */
export interface MessageDetail {
  readonly entities?: readonly Entity[];
  readonly replyTo?: number;
  readonly forward?: Forward;
  readonly attachments?: readonly Attachment[];
  readonly reactions?: Readonly<Record<string, readonly number[]>>;
  readonly pinned?: true;
  readonly telegram?: TelegramState;
  readonly service?: Service;
  readonly poll?: Poll;
  readonly location?: Location;
  readonly contact?: Contact;
  readonly keyboard?: Keyboard;
  readonly viaBotId?: number;
  /** Told to bots alone. */
  readonly extra?: BotExtra;
  /** The rev it was sent at, once it was changed: a repeat of its sending is told that one (L3). */
  readonly sentRev?: number;
}

/** A message as it is stored, by actors and queries alike. */
export interface StoredMessage {
  readonly chatId: number;
  readonly seq: number;
  readonly rev: number;
  readonly senderId: number;
  readonly uuid: string;
  readonly kind: string;
  readonly body: string;
  readonly detail: MessageDetail | null;
  readonly source: Source;
  readonly ts: number;
  readonly editedAt: number | null;
  readonly deletedAt: number | null;
}

export const messageColumns = `chat_id as "chatId", seq, rev, sender_id as "senderId", uuid, kind, body, detail,
  source, ts, edited_at as "editedAt", deleted_at as "deletedAt"`;

/** The message as the outside sees it, its fields in the order of CONTRACT §2: place and name first. */
export function toMessage(row: StoredMessage): Message {
  const { chatId, seq, rev, senderId, uuid, kind, body, detail, source, ts, editedAt, deletedAt } = row;
  const message = {
    chatId,
    seq,
    rev,
    senderId,
    uuid,
    kind,
    body,
    entities: detail?.entities ?? [],
    replyTo: detail?.replyTo ?? null,
    forward: detail?.forward ?? null,
    attachments: detail?.attachments ?? [],
    reactions: detail?.reactions ?? {},
    pinned: detail?.pinned ?? false,
    editedAt,
    deletedAt,
    ts,
    source,
  };
  return detail === null ? message : { ...message, ...special(detail) };
}

/** What only some messages have is not there in the others. */
function special(detail: MessageDetail): Partial<Message> {
  const { telegram, service, poll, location, contact, keyboard, viaBotId } = detail;
  return {
    ...(telegram === undefined ? {} : { telegram }),
    ...(service === undefined ? {} : { service }),
    ...(poll === undefined ? {} : { poll }),
    ...(location === undefined ? {} : { location }),
    ...(contact === undefined ? {} : { contact }),
    ...(keyboard === undefined ? {} : { keyboard }),
    ...(viaBotId === undefined ? {} : { viaBotId }),
  };
}

/** One message, or null. */
export async function readMessage(db: Queryable, chatId: number, seq: number): Promise<Message | null> {
  const [message] = await readMessages(db, chatId, { after: seq - 1, upTo: seq, limit: 1 });
  return message ?? null;
}

/** Messages with `after < seq <= upTo`, ascending, at most `limit`. */
export async function readMessages(
  db: Queryable,
  chatId: number,
  range: { readonly after: number; readonly upTo?: number; readonly limit: number },
): Promise<Message[]> {
  const { rows } = await db.query<StoredMessage>({
    name: "read messages",
    text: `select ${messageColumns} from message
           where chat_id = $1 and seq > $2 and seq <= $3 order by seq limit $4`,
    values: [chatId, range.after, range.upTo ?? Number.MAX_SAFE_INTEGER, range.limit],
  });
  return rows.map(toMessage);
}

/** The last `limit` messages with `seq < before`, ascending. */
export async function readMessagesBefore(
  db: Queryable,
  chatId: number,
  range: { readonly before: number; readonly limit: number },
): Promise<Message[]> {
  const { rows } = await db.query<StoredMessage>({
    name: "read messages before",
    text: `select ${messageColumns} from message
           where chat_id = $1 and seq < $2 order by seq desc limit $3`,
    values: [chatId, range.before, range.limit],
  });
  return rows.toReversed().map(toMessage);
}

/**
 * Messages of many chats by their places, in no order; those that are not there are left out. Lateral, so that no plan reads a
 * table that was small when it was made.
 */
export async function readMessagesAt(
  db: Queryable,
  wanted: readonly { readonly chatId: number; readonly seqs: readonly number[] }[],
): Promise<StoredMessage[]> {
  const places = wanted.flatMap(({ chatId, seqs }) => seqs.map((seq) => [chatId, seq] as const));
  const { rows } = await db.query<StoredMessage>({
    name: "read messages at",
    text: `select ${messageColumns} from unnest($1::bigint[], $2::bigint[]) as w(id, place)
           cross join lateral (select * from message where chat_id = w.id and seq = w.place limit 1) m`,
    values: [places.map(([chatId]) => chatId), places.map(([, seq]) => seq)],
  });
  return rows;
}

/** Messages of many chats by Telegram's ids of them; of two with one id, before and after a group moved, the later. */
export async function readMessagesByTelegram(
  db: Queryable,
  wanted: readonly { readonly chatId: number; readonly messageIds: readonly number[] }[],
): Promise<StoredMessage[]> {
  const names = wanted.flatMap(({ chatId, messageIds }) => messageIds.map((id) => [chatId, id] as const));
  const { rows } = await db.query<StoredMessage>({
    name: "read messages by telegram",
    text: `select distinct on (w.id, w.name) ${messageColumns} from unnest($1::bigint[], $2::bigint[]) as w(id, name)
           join message on chat_id = w.id and detail ? 'telegram'
             and (detail->'telegram'->>'messageId')::bigint = w.name
           order by w.id, w.name, seq desc`,
    values: [names.map(([chatId]) => chatId), names.map(([, id]) => id)],
  });
  return rows;
}
