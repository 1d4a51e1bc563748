/** What actors read when they wake: from committed rows, many at once. */
import type { AclEntry, AclSubject, ActorKind, ChatType, MemberRole, Outcome } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { TelegramPlace } from "../../table.ts";
import { loadAcls } from "./acl.ts";
import { headSeqOf } from "./head.ts";
import { type ChatSettings, loadSettings, nothingSet } from "./setting.ts";
import { type ChatMarks, readMarks } from "./receipt.ts";

interface LoadedChat {
  readonly id: number;
  readonly type: ChatType;
  readonly title: string | null;
  readonly headSeq: number;
  readonly rev: number;
  readonly createdBy: number;
  readonly createdMs: number;
  readonly deletedMs: number | null;
  readonly telegram: TelegramPlace | null;
  readonly members: ReadonlyMap<
    number,
    {
      readonly role: MemberRole;
      readonly joinedSeq: number;
      readonly joinedMs: number;
      readonly rev: number;
    }
  >;
  readonly receipts: ChatMarks;
  readonly acl: ReadonlyMap<AclSubject, AclEntry>;
  readonly settings: ChatSettings;
}

/** Chats with their members, also those that were ended; chats that never were are left out. */
export async function loadChats(db: Queryable, ids: readonly number[]): Promise<Map<number, LoadedChat>> {
  const [chats, members, marks, acls, settings] = await Promise.all([
    db.query<Omit<LoadedChat, "members" | "receipts" | "acl" | "settings">>({
      name: "load chats",
      text: `select id, type, title, ${headSeqOf("chat.id")} as "headSeq", rev, created_by as "createdBy",
               created_ms as "createdMs", deleted_ms as "deletedMs", telegram
             from chat where id = any($1::bigint[])`,
      values: [ids],
    }),
    db.query<{
      chatId: number;
      userId: number;
      role: MemberRole;
      joinedSeq: number;
      joinedMs: number;
      rev: number;
    }>({
      name: "load members",
      text: `select chat_id as "chatId", user_id as "userId", role, joined_seq as "joinedSeq",
               joined_ms as "joinedMs", rev
             from member where chat_id = any($1::bigint[]) and left_ms is null order by user_id`,
      values: [ids],
    }),
    readMarks(db, ids),
    loadAcls(db, ids),
    loadSettings(db, ids),
  ]);
  const byChat = new Map<number, Map<number, Omit<(typeof members.rows)[number], "chatId" | "userId">>>();
  for (const { chatId, userId, ...member } of members.rows) {
    let place = byChat.get(chatId);
    if (place === undefined) byChat.set(chatId, (place = new Map()));
    place.set(userId, member);
  }
  const none = { receiptRev: 0, blocks: 1, marks: [] };
  return new Map(
    chats.rows.map((chat) => [
      chat.id,
      {
        ...chat,
        members: byChat.get(chat.id) ?? new Map(),
        receipts: marks.get(chat.id) ?? none,
        acl: acls.get(chat.id) ?? new Map(),
        settings: settings.get(chat.id) ?? nothingSet,
      },
    ]),
  );
}

interface ChatAsk {
  readonly chatId: number;
  readonly senderId: number;
  readonly uuid: string;
}

/**
 * The first outcomes of commands to chats: a message is its own record, the rest are in `outcome` (L3).
 *
 * One look into the index a command (`lateral … limit 1`): as a join it is planned as a read of the whole table while the
 * table is young and without statistics, and the prepared statement keeps that plan while the table grows.
 */
export async function recallChatCommands(
  db: Queryable,
  asked: readonly ChatAsk[],
): Promise<(ChatAsk & { readonly outcome: Outcome })[]> {
  const { rows } = await db.query<ChatAsk & { outcome: Outcome }>({
    name: "recall chat commands",
    text: `with ask as (
             select * from json_to_recordset($1::json) as a("chatId" bigint, "senderId" bigint, uuid text)
           )
           select a.*, jsonb_build_object('kind', 'sent', 'seq', m.seq, 'ts', m.ts,
               'rev', coalesce((m.detail->>'sentRev')::bigint, m.rev)) as outcome
           from ask a cross join lateral (select * from message
             where chat_id = a."chatId" and sender_id = a."senderId" and uuid = a.uuid limit 1) m
           union all
           select a.*, o.outcome from ask a cross join lateral (select outcome from outcome
             where actor = 'chat:' || a."chatId" and sender_id = a."senderId" and uuid = a.uuid limit 1) o`,
    values: [JSON.stringify(asked)],
  });
  return rows;
}

interface ActorAsk {
  readonly actorId: number;
  readonly senderId: number;
  readonly uuid: string;
}

/** The first outcomes of commands to actors of one kind that are kept as outcomes alone (L3). */
export async function recallOutcomes(
  db: Queryable,
  kind: ActorKind,
  asked: readonly ActorAsk[],
): Promise<(ActorAsk & { readonly outcome: Outcome })[]> {
  const { rows } = await db.query<ActorAsk & { outcome: Outcome }>({
    name: "recall outcomes",
    text: `with ask as (
             select * from json_to_recordset($2::json) as a("actorId" bigint, "senderId" bigint, uuid text)
           )
           select a.*, o.outcome from ask a cross join lateral (select outcome from outcome
             where actor = $1 || ':' || a."actorId" and sender_id = a."senderId" and uuid = a.uuid limit 1) o`,
    values: [kind, JSON.stringify(asked)],
  });
  return rows;
}

interface LoadedFeed {
  readonly userId: number;
  readonly rev: number;
  /** The last rev heard of each chat. */
  readonly chats: ReadonlyMap<number, number>;
}

/** Users' feeds; users without one are left out. */
export async function loadUserFeeds(db: Queryable, ids: readonly number[]): Promise<Map<number, LoadedFeed>> {
  const { rows } = await db.query<{ userId: number; rev: number; chatId: number; chatRev: number }>({
    name: "load user feeds",
    text: `select f.user_id as "userId", f.rev, c.chat_id as "chatId", max(c.chat_rev) as "chatRev"
           from user_feed f join user_change c on c.user_id = f.user_id
           where f.user_id = any($1::bigint[]) group by f.user_id, f.rev, c.chat_id`,
    values: [ids],
  });
  const feeds = new Map<number, { userId: number; rev: number; chats: Map<number, number> }>();
  for (const { userId, rev, chatId, chatRev } of rows) {
    let feed = feeds.get(userId);
    if (feed === undefined) feeds.set(userId, (feed = { userId, rev, chats: new Map() }));
    feed.chats.set(chatId, chatRev);
  }
  return feeds;
}
