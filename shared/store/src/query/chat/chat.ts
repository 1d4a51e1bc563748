import type { Chat, ChatAbout, ChatType, MemberRole } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { readingRule } from "./acl.ts";
import { headSeqOf } from "./head.ts";
import { readSeq, receiptOfMember } from "./receipt.ts";
import { messageColumns, type StoredMessage, toMessage } from "./message.ts";

interface ChatOfUser {
  readonly id: number;
  readonly type: ChatType;
  readonly title: string | null;
  readonly headSeq: number;
  readonly rev: number;
  readonly unread: number;
  readonly role: MemberRole;
  readonly createdAt: number;
  readonly last: StoredMessage | null;
  readonly about: ChatAbout | null;
}

/** What is counted as unread; more are that many. */
const unreadMax = 10_000;

/** What is said of it beside its title. */
const about = `(select s.value from chat_setting s where s.chat_id = c.id and s.kind = 'about' and s.key = '') as about`;

/** A chat that its member may not read any more is in no list, for lists tell of messages. */
const rule = readingRule("$1", "$2");
const chatOfUser = `select c.id, c.type, c.title, ${headSeqOf("c.id")} as "headSeq", c.rev, m.role, c.created_ms as "createdAt",
    (select count(*) from (select from message u
      where u.chat_id = c.id and u.seq > greatest(${readSeq}, m.joined_seq)
        and u.sender_id <> m.user_id and u.deleted_at is null limit ${unreadMax}) as unread) as unread,
    (select to_jsonb(l) from (select ${messageColumns} from message where chat_id = c.id
      order by seq desc limit 1) l) as last, ${about}
  from member m join chat c on c.id = m.chat_id ${receiptOfMember} ${rule.joins}
  where m.user_id = $1 and m.left_ms is null and c.deleted_ms is null and ${rule.mayRead}`;

function toChat({ last, about, ...row }: ChatOfUser): Chat {
  return { ...row, lastMessage: last === null ? null : toMessage(last), ...about };
}

/** The chats a user is in, as that user sees them, in id order after `after`. */
export async function listChats(
  db: Queryable,
  userId: number,
  page: { readonly after: number; readonly limit: number },
  keyId: number | null = null,
): Promise<Chat[]> {
  const { rows } = await db.query<ChatOfUser>({
    name: "list chats",
    text: `${chatOfUser} and c.id > $3 order by c.id limit $4`,
    values: [userId, keyId, page.after, page.limit],
  });
  return rows.map(toChat);
}

/** A chat as one of its members sees it; null when there is none or the user is not in it, or may not read it. */
export async function readChat(
  db: Queryable,
  userId: number,
  chatId: number,
  keyId: number | null = null,
): Promise<Chat | null> {
  const { rows } = await db.query<ChatOfUser>({
    name: "read chat",
    text: `${chatOfUser} and c.id = $3`,
    values: [userId, keyId, chatId],
  });
  return rows[0] === undefined ? null : toChat(rows[0]);
}

/** A chat as somebody sees it who may read it and is not in it. Whether they may is the caller's to know. */
export async function readChatAsGuest(db: Queryable, chatId: number): Promise<Chat | null> {
  const { rows } = await db.query<ChatOfUser>({
    name: "read chat as guest",
    text: `select c.id, c.type, c.title, ${headSeqOf("c.id")} as "headSeq", c.rev, 'reader' as role,
             c.created_ms as "createdAt", 0 as unread,
             (select to_jsonb(l) from (select ${messageColumns} from message where chat_id = c.id
               order by seq desc limit 1) l) as last, ${about}
           from chat c where c.id = $1 and c.deleted_ms is null`,
    values: [chatId],
  });
  return rows[0] === undefined ? null : toChat(rows[0]);
}

/** All chats a user is in and may read, and the rev they are in it at; what a socket watches. */
export async function chatRevsOf(
  db: Queryable,
  userId: number,
  keyId: number | null = null,
): Promise<{ readonly id: number; readonly rev: number }[]> {
  const { rows } = await db.query<{ id: number; rev: number }>({
    name: "chat revs of user",
    text: `select c.id, c.rev from member m join chat c on c.id = m.chat_id ${rule.joins}
           where m.user_id = $1 and m.left_ms is null and c.deleted_ms is null and ${rule.mayRead} order by c.id`,
    values: [userId, keyId],
  });
  return rows;
}

const anyReadersRule = readingRule("m.user_id", "null");

/** What a user's feed tells of, up to `rev`. */
export interface ToldChats {
  readonly rev: number;
  readonly chats: readonly { readonly id: number; readonly rev: number }[];
}

/**
 * As `chatRevsOf`, of many users at once, none by a key, in the order of the users; and how far their feeds go, as of one moment.
 * A chat that a user has just come into is left out while its word to the user's feed is under way: the feed will tell of it.
 */
export async function toldChatsOfUsers(db: Queryable, userIds: readonly number[]): Promise<ToldChats[]> {
  const { rows } = await db.query<{ userId: number; rev: number; ids: string[]; revs: string[] }>({
    name: "told chats of users",
    text: `with told as (
             select m.user_id, array_agg(c.id order by c.id) as ids, array_agg(c.rev order by c.id) as revs
             from member m join chat c on c.id = m.chat_id ${anyReadersRule.joins}
             where m.user_id = any($1::bigint[]) and m.left_ms is null and c.deleted_ms is null
               and ${anyReadersRule.mayRead}
               and not exists (select from relay r where r.target_kind = 'user' and r.target_id = m.user_id
                 and (r.command->>'chatId')::bigint = m.chat_id)
             group by m.user_id
           )
           select u.id as "userId", coalesce(f.rev, 0) as rev, coalesce(t.ids, '{}') as ids, coalesce(t.revs, '{}') as revs
           from unnest($1::bigint[]) as u(id)
           left join user_feed f on f.user_id = u.id left join told t on t.user_id = u.id`,
    values: [userIds],
  });
  const found = new Map(rows.map(({ userId, ...told }) => [userId, told]));
  return userIds.map((userId) => {
    const { rev = 0, ids = [], revs = [] } = found.get(userId) ?? {};
    return { rev, chats: ids.map((id, index) => ({ id: Number(id), rev: Number(revs[index]) })) };
  });
}

interface ChatHead {
  readonly id: number;
  readonly seq: number;
  readonly rev: number;
  readonly receiptRev: number;
}

/** Where chats stand: committed (headSeq, rev, receiptRev). Chats that do not exist are left out. */
export async function readHeads(db: Queryable, chatIds: readonly number[]): Promise<ChatHead[]> {
  const { rows } = await db.query<ChatHead>({
    name: "read heads",
    text: `select c.id, ${headSeqOf("c.id")} as seq, c.rev,
             coalesce((select max(r.rev) from receipt r where r.chat_id = c.id), 0) as "receiptRev"
           from chat c where c.id = any($1::bigint[])`,
    values: [chatIds],
  });
  return rows;
}

/**
 * Reserves the id of a chat to be born, or finds the one reserved before: the same key names the same chat, whoever
 * asks and however often at once.
 */
export async function reserveChat(db: Queryable, key: ChatKey): Promise<number> {
  const { rows } = await db.query<{ chat_id: number }>({
    name: "reserve chat",
    text: `with found as (select chat_id from chat_key where key = $1),
             made as (insert into chat_key (key) select $1 where not exists (select from found)
               on conflict (key) do update set key = excluded.key returning chat_id)
           select chat_id from found union all select chat_id from made`,
    values: [key],
  });
  const [row] = rows;
  if (row === undefined) throw new Error(`no chat could be reserved for ${key}`);
  return row.chat_id;
}

/** The chat known by `from` is known by `to` too, unless that names another already. */
export async function linkChat(db: Queryable, from: ChatKey, to: ChatKey): Promise<void> {
  await db.query({
    name: "link chat",
    text: `insert into chat_key (key, chat_id) select $2, chat_id from chat_key where key = $1
           on conflict (key) do nothing`,
    values: [from, to],
  });
}

/** What a chat is born for. */
export type ChatKey =
  | `direct:${number}:${number}`
  | `telegram:${number}:${number}`
  | `new:${number}:${string}`;

/** The key of the one direct chat of two people. */
export function directKey(one: number, other: number): ChatKey {
  return `direct:${Math.min(one, other)}:${Math.max(one, other)}`;
}
