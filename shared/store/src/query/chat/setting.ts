/** What chats are and allow beside title and roles; written by the chats' actors. */
import type {
  ChatAbout,
  ChatId,
  ChatLink,
  ChatType,
  JoinRequest,
  MemberTrait,
  UserId,
} from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

export interface ChatSettings {
  readonly about: ChatAbout;
  readonly traits: ReadonlyMap<UserId, MemberTrait>;
  readonly links: ReadonlyMap<string, ChatLink>;
  readonly requests: ReadonlyMap<UserId, JoinRequest>;
}

/** Of a chat of which nobody has said anything. */
export const nothingSet: ChatSettings = {
  about: {},
  traits: new Map(),
  links: new Map(),
  requests: new Map(),
};

type SettingRow =
  | { readonly chatId: ChatId; readonly kind: "about"; readonly key: string; readonly value: ChatAbout }
  | { readonly chatId: ChatId; readonly kind: "trait"; readonly key: string; readonly value: MemberTrait }
  | { readonly chatId: ChatId; readonly kind: "link"; readonly key: string; readonly value: ChatLink }
  | { readonly chatId: ChatId; readonly kind: "request"; readonly key: string; readonly value: JoinRequest };

/** Chats of which nothing is said are left out. */
export async function loadSettings(
  db: Queryable,
  chatIds: readonly ChatId[],
): Promise<ReadonlyMap<ChatId, ChatSettings>> {
  const { rows } = await db.query<SettingRow>({
    name: "load chat settings",
    text: `select chat_id as "chatId", kind, key, value from chat_setting
           where chat_id = any($1::bigint[]) and value is not null order by chat_id, kind, changed_ms, key`,
    values: [chatIds],
  });
  const byChat = new Map<ChatId, Building>();
  for (const row of rows) {
    let settings = byChat.get(row.chatId);
    if (settings === undefined) byChat.set(row.chatId, (settings = build()));
    if (row.kind === "about") settings.about = row.value;
    else if (row.kind === "trait") settings.traits.set(Number(row.key), row.value);
    else if (row.kind === "link") settings.links.set(row.key, row.value);
    else settings.requests.set(Number(row.key), row.value);
  }
  return byChat;
}

interface Building {
  about: ChatAbout;
  readonly traits: Map<UserId, MemberTrait>;
  readonly links: Map<string, ChatLink>;
  readonly requests: Map<UserId, JoinRequest>;
}

function build(): Building {
  return { about: {}, traits: new Map(), links: new Map(), requests: new Map() };
}

/** What bots and people are shown of one chat. */
export async function readSettings(db: Queryable, chatId: ChatId): Promise<ChatSettings> {
  return (await loadSettings(db, [chatId])).get(chatId) ?? nothingSet;
}

/** A chat as somebody sees it who holds a link to it. */
export interface LinkedChat {
  readonly id: ChatId;
  readonly type: ChatType;
  readonly title: string | null;
  readonly description: string | null;
  readonly link: ChatLink;
}

/** The chat that a link leads to, also when nobody comes by it any more; null: there is none. */
export async function readLinkedChat(db: Queryable, code: string): Promise<LinkedChat | null> {
  const { rows } = await db.query<LinkedChat>({
    name: "read linked chat",
    text: `select c.id, c.type, c.title, a.value->>'description' as description, s.value as link
           from chat_setting s join chat c on c.id = s.chat_id and c.deleted_ms is null
             left join chat_setting a on a.chat_id = c.id and a.kind = 'about' and a.key = ''
           where s.kind = 'link' and s.key = $1 and s.value is not null`,
    values: [code],
  });
  return rows[0] ?? null;
}
