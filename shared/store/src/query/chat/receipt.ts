/** How far members have come; written by the chat's actor, many marks a row. */
import type { Mark } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** By user id: what is delivered to them, and what they have read. */
export type StoredMarks = Readonly<Record<string, readonly [deliveredSeq: number, readSeq: number]>>;

/** The marks of a chat, whole, as they are at this rev of them. */
export interface ChatMarks {
  readonly receiptRev: number;
  /** In how many rows they are kept; they stay so many when marks go. */
  readonly blocks: number;
  readonly marks: readonly Mark[];
}

/** Joins the row that holds the mark of a member `m`. */
export const receiptOfMember =
  "left join receipt r on r.chat_id = m.chat_id and r.block = m.user_id % r.blocks";
export const deliveredSeq = "coalesce((r.marks->(m.user_id::text)->>0)::bigint, 0)";
export const readSeq = "coalesce((r.marks->(m.user_id::text)->>1)::bigint, 0)";

interface ReceiptBlock {
  readonly chatId: number;
  readonly blocks: number;
  readonly rev: number;
  readonly marks: StoredMarks;
}

/** Bytes of a row that are few. */
const fewBytesMax = 4_096;

const blockColumns = 'chat_id as "chatId", blocks, rev, marks';

/** All marks of these chats; chats without any are left out. */
export async function readMarks(
  db: Queryable,
  chatIds: readonly number[],
): Promise<ReadonlyMap<number, ChatMarks>> {
  const { rows } = await db.query<ReceiptBlock>({
    name: "read marks",
    text: `select ${blockColumns} from receipt where chat_id = any($1::bigint[])`,
    values: [chatIds],
  });
  return gather(rows);
}

/** As `readMarks`, of those chats only that have few. */
export async function readFewMarks(
  db: Queryable,
  chatIds: readonly number[],
): Promise<ReadonlyMap<number, ChatMarks>> {
  const { rows } = await db.query<ReceiptBlock>({
    name: "read few marks",
    text: `select ${blockColumns} from receipt
           where chat_id = any($1::bigint[]) and blocks = 1 and pg_column_size(marks) <= ${fewBytesMax}`,
    values: [chatIds],
  });
  return gather(rows);
}

/** Who has read a message, its sender left out, in user id order after `after`. */
export async function readReaders(
  db: Queryable,
  message: { readonly chatId: number; readonly seq: number },
  page: { readonly after: number; readonly limit: number },
): Promise<{ readonly userId: number; readonly readSeq: number }[]> {
  const { rows } = await db.query<{ userId: number; readSeq: number }>({
    name: "read readers",
    text: `select m.user_id as "userId", ${readSeq} as "readSeq" from member m ${receiptOfMember}
           where m.chat_id = $1 and m.left_ms is null and ${readSeq} >= $2 and m.user_id > $3
             and m.user_id is distinct from
               (select sender_id from message where chat_id = $1 and seq = $2)
           order by m.user_id limit $4`,
    values: [message.chatId, message.seq, page.after, page.limit],
  });
  return rows;
}

function gather(rows: readonly ReceiptBlock[]): Map<number, ChatMarks> {
  const chats = new Map<number, { receiptRev: number; blocks: number; marks: Mark[] }>();
  for (const { chatId, blocks, rev, marks } of rows) {
    let chat = chats.get(chatId);
    if (chat === undefined) chats.set(chatId, (chat = { receiptRev: 0, blocks: 1, marks: [] }));
    chat.receiptRev = Math.max(chat.receiptRev, rev);
    chat.blocks = Math.max(chat.blocks, blocks);
    for (const [userId, [delivered, read]] of Object.entries(marks)) {
      chat.marks.push({ userId: Number(userId), deliveredSeq: delivered, readSeq: read });
    }
  }
  return chats;
}
