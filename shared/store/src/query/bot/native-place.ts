/** Chats as a bot of ours sees them: where it may speak, who is there, and what was said. */
import type { ChatId, ChatType, MemberRole, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { headSeqOf } from "../chat/head.ts";

/** A chat with what the bot is in it. */
export interface BotPlace {
  readonly id: ChatId;
  readonly type: ChatType;
  readonly title: string | null;
  readonly headSeq: number;
  /** Null: not a member now. */
  readonly role: MemberRole | null;
  /** It was one before. */
  readonly wasMember: boolean;
  /** The other side of a direct chat. */
  readonly peerId: UserId | null;
}

/**
 * Chats by their ids, or direct chats by the person, as one bot each sees them; in the order asked, null where there is none. Laterals,
 * so that no plan reads a table that was small when it was made.
 */
export async function readBotPlaces(
  db: Queryable,
  asked: readonly ({ readonly botId: UserId } & (
    | { readonly chatId: ChatId }
    | { readonly userId: UserId }
  ))[],
): Promise<(BotPlace | null)[]> {
  const { rows } = await db.query<BotPlace & { readonly nth: number }>({
    name: "read bot places",
    text: `select w.nth::int, p.* from unnest($1::bigint[], $2::bigint[], $3::bigint[])
             with ordinality as w(bot, chat, peer, nth)
           cross join lateral (
             select c.id, c.type, c.title, ${headSeqOf("c.id")} as "headSeq",
               case when m.left_ms is null then m.role end as role, m.user_id is not null as "wasMember",
               case when c.type = 'direct' then (select o.user_id from member o
                 where o.chat_id = c.id and o.user_id <> w.bot limit 1) end as "peerId"
             from chat c left join member m on m.chat_id = c.id and m.user_id = w.bot
             where c.deleted_ms is null and c.id = coalesce(w.chat, (select chat_id from chat_key
               where key = 'direct:' || least(w.bot, w.peer) || ':' || greatest(w.bot, w.peer)))
             limit 1) p`,
    values: [
      asked.map(({ botId }) => botId),
      asked.map((each) => ("chatId" in each ? each.chatId : null)),
      asked.map((each) => ("userId" in each ? each.userId : null)),
    ],
  });
  const found = new Map(rows.map(({ nth, ...place }) => [nth, place]));
  return asked.map((_, index) => found.get(index + 1) ?? null);
}

/** The pinned messages of a chat, the last one first. */
export async function pinnedSeqs(db: Queryable, chatId: ChatId): Promise<number[]> {
  const { rows } = await db.query<{ seq: number }>(
    `select seq from message where chat_id = $1 and detail ? 'pinned' and deleted_at is null
     order by seq desc limit 1000`,
    [chatId],
  );
  return rows.map(({ seq }) => seq);
}

/** The latest messages, of the last 10,000, that somebody reacted to. */
export async function reactedSeqs(
  db: Queryable,
  { id, headSeq }: Pick<BotPlace, "id" | "headSeq">,
  userId: UserId,
): Promise<number[]> {
  const { rows } = await db.query<{ seq: number }>(
    `select seq from message where chat_id = $1 and seq > $2 and detail ? 'reactions' and deleted_at is null
       and exists (select from jsonb_each(detail->'reactions') r where r.value @> $3::jsonb)
     order by seq desc limit 1000`,
    [id, headSeq - 10_000, JSON.stringify([userId])],
  );
  return rows.map(({ seq }) => seq);
}

export interface BotMember {
  readonly userId: UserId;
  /** Null: not there. */
  readonly role: MemberRole | null;
  readonly wasMember: boolean;
  readonly canRead: boolean | null;
  readonly canSend: boolean | null;
}

/** What somebody is in a chat, and what they are forbidden there. */
export async function readBotMember(db: Queryable, chatId: ChatId, userId: UserId): Promise<BotMember> {
  const { rows } = await db.query<BotMember>({
    name: "read bot member",
    text: `select u.id as "userId", case when m.left_ms is null then m.role end as role,
             m.user_id is not null as "wasMember", a.can_read as "canRead", a.can_send as "canSend"
           from (select $2::bigint as id) u
             left join member m on m.chat_id = $1 and m.user_id = u.id
             left join chat_acl a on a.chat_id = $1 and a.subject = 'user:' || u.id`,
    values: [chatId, userId],
  });
  return rows[0] ?? { userId, role: null, wasMember: false, canRead: null, canSend: null };
}

export async function listBotAdministrators(
  db: Queryable,
  chatId: ChatId,
): Promise<{ readonly userId: UserId; readonly role: MemberRole }[]> {
  const { rows } = await db.query<{ userId: UserId; role: MemberRole }>(
    `select user_id as "userId", role from member
     where chat_id = $1 and left_ms is null and role in ('owner', 'admin') order by role = 'admin', user_id limit 200`,
    [chatId],
  );
  return rows;
}

/** A user as bots are told of one. */
export interface Person {
  readonly id: UserId;
  readonly isBot: boolean;
  readonly displayName: string;
  readonly username: string | null;
  readonly language: string | null;
}

/** Users by their ids; those that are gone are left out. */
export async function readPeopleById(db: Queryable, userIds: readonly UserId[]): Promise<Person[]> {
  const { rows } = await db.query<Person>({
    name: "read people by id",
    text: `select id, is_bot as "isBot", display_name as "displayName", username, language from users
           where id = any($1::bigint[])`,
    values: [[...new Set(userIds)]],
  });
  return rows;
}
