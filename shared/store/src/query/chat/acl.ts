/** What chats allow whom beside their members' roles; written by the chats' actors. */
import {
  type AclEntry,
  type AclSubject,
  type ChatRights,
  type ChatType,
  type MemberRole,
  rightsIn,
} from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** Somebody who reads: a user, by a key of theirs or not. */
export interface Reader {
  readonly userId: number;
  readonly keyId: number | null;
}

/**
 * The `canRead` of `rightsIn`, in SQL: `left join`s the entries of user `$user` and key `$key` to a chat `c`, and tells
 * whether it may be read, where `m` is the user's living membership, if there is one.
 */
export function readingRule(user: string, key: string): { readonly joins: string; readonly mayRead: string } {
  return {
    joins: `left join chat_acl au on au.chat_id = c.id and au.subject = 'user:' || ${user}::bigint
  left join chat_acl ak on ak.chat_id = c.id and ak.subject = 'key:' || ${key}::bigint`,
    mayRead: `coalesce(ak.can_read, case when m.role = 'owner' then true else au.can_read end, m.role is not null)`,
  };
}

/** What a reader may do in a chat; null when there is no such chat. */
export async function readRights(
  db: Queryable,
  chatId: number,
  { userId, keyId }: Reader,
): Promise<(ChatRights & { readonly isMember: boolean }) | null> {
  const { rows } = await db.query<{
    type: ChatType;
    role: MemberRole | null;
    ofUser: AclEntry | null;
    ofKey: AclEntry | null;
  }>({
    name: "read rights",
    text: `select c.type, m.role, ${entryOf("au")} as "ofUser", ${entryOf("ak")} as "ofKey"
           from chat c
             left join member m on m.chat_id = c.id and m.user_id = $2 and m.left_ms is null
             ${readingRule("$2", "$3").joins}
           where c.id = $1 and c.deleted_ms is null`,
    values: [chatId, userId, keyId],
  });
  const [row] = rows;
  if (row === undefined) return null;
  const { type, role, ofUser, ofKey } = row;
  const rights = rightsIn(type, role, { ofUser: ofUser ?? undefined, ofKey: ofKey ?? undefined });
  return { ...rights, isMember: role !== null };
}

function entryOf(alias: string): string {
  return `case when ${alias}.subject is not null then jsonb_build_object('canRead', ${alias}.can_read,
    'canSend', ${alias}.can_send, 'canManage', ${alias}.can_manage) end`;
}

/** An entry as the outside sees it (CONTRACT §2). */
export interface AclItem extends AclEntry {
  readonly subject: AclSubject;
}

const columns = `subject, can_read as "canRead", can_send as "canSend", can_manage as "canManage"`;
const isEntry = "coalesce(can_read, can_send, can_manage) is not null";

/** The entries of chats. */
export async function loadAcls(
  db: Queryable,
  chatIds: readonly number[],
): Promise<ReadonlyMap<number, ReadonlyMap<AclSubject, AclEntry>>> {
  const { rows } = await db.query<AclItem & { chatId: number }>({
    name: "load acls",
    text: `select chat_id as "chatId", ${columns} from chat_acl
           where chat_id = any($1::bigint[]) and ${isEntry} order by chat_id, subject`,
    values: [chatIds],
  });
  const byChat = new Map<number, Map<AclSubject, AclEntry>>();
  for (const { chatId, subject, ...entry } of rows) {
    let acl = byChat.get(chatId);
    if (acl === undefined) byChat.set(chatId, (acl = new Map()));
    acl.set(subject, entry);
  }
  return byChat;
}

/** The entries of a chat by subject. @param page.after the last subject of the page before; empty: from the first */
export async function listAcl(
  db: Queryable,
  chatId: number,
  page: { readonly after: string; readonly limit: number },
): Promise<AclItem[]> {
  const { rows } = await db.query<AclItem>({
    name: "list acl",
    text: `select ${columns} from chat_acl where chat_id = $1 and subject > $2 and ${isEntry} order by subject limit $3`,
    values: [chatId, page.after, page.limit],
  });
  return rows;
}

/** One entry, or null. */
export async function readAcl(db: Queryable, chatId: number, subject: AclSubject): Promise<AclItem | null> {
  const { rows } = await db.query<AclItem>({
    name: "read acl",
    text: `select ${columns} from chat_acl where chat_id = $1 and subject = $2 and ${isEntry}`,
    values: [chatId, subject],
  });
  return rows[0] ?? null;
}
