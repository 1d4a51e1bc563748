/**
 * Who and what there is: bots, people, chats, messages. It keeps the rules of identity and of who sees what; what people do
 * is in `person.ts`, what bots do in `../method`.
 */
import type { JournalWriter } from "../journal/journal.ts";
import type { Update } from "../bot/update-queue.ts";
import { type Bot, type BotProfile, makeBot } from "./bot.ts";
import { type Chat, isAdministrator, isGroup, isPresent, makeChat } from "./chat.ts";
import { type FileShelf, openFileShelf } from "./file.ts";
import type { ChatType, Json, Message, UserJson } from "./message.ts";

export interface UserProfile {
  readonly firstName: string;
  readonly lastName?: string;
  readonly username?: string;
  readonly languageCode?: string;
  readonly id?: number;
}

export interface ChatProfile {
  readonly type: Exclude<ChatType, "private">;
  readonly title: string;
  readonly username?: string;
  readonly id?: number;
}

export interface WorldOptions {
  readonly now: () => number;
  readonly journal: JournalWriter;
  /** Where the ids of updates and messages begin. */
  readonly firstId: number;
  /** Called for each update that a bot gets. */
  readonly onUpdate: (bot: Bot, update: Update) => void;
}

export interface World {
  readonly bots: ReadonlyMap<number, Bot>;
  readonly users: ReadonlyMap<number, UserJson>;
  readonly files: FileShelf;
  readonly now: () => number;
  readonly journal: JournalWriter;
  addBot(profile: BotProfile): Bot;
  addUser(profile: UserProfile): UserJson;
  addChat(profile: ChatProfile): Chat;
  botByToken(token: string): Bot | undefined;
  /** The private chat of the two; undefined before the person has written first. */
  privateChat(bot: Bot, userId: number): Chat | undefined;
  openPrivateChat(bot: Bot, user: UserJson): Chat;
  /** What `id` is to this bot: a person's private chat, or a group or channel; by `@username` for the latter. */
  chatOf(bot: Bot, id: number | string): Chat | undefined;
  /** A number for the next message of the chat. */
  nextMessageId(chat: Chat): number;
  /** A name for a press of a button or an inline query. */
  nextQueryId(): string;
  /** Writes a message down. Tells nobody. */
  store(chat: Chat, content: Json): Message;
  /** Puts an update into the bot's queue, if it wants it. */
  tell(bot: Bot, type: string, payload: unknown, line: string): void;
  /** Tells every bot of the chat that sees `message` there. */
  tellChat(chat: Chat, type: string, message: Message): void;
  /** People who see what is shown in the chat. */
  readersOf(chat: Chat): number[];
}

export function openWorld({ now, journal, firstId, onUpdate }: WorldOptions): World {
  const bots = new Map<number, Bot>();
  const botsByToken = new Map<string, Bot>();
  const users = new Map<number, UserJson>();
  const chats = new Map<number, Chat>();
  const chatsByName = new Map<string, Chat>();
  const privateChats = new Map<string, Chat>();
  const files = openFileShelf();
  let lastUserId = 100_000_000;
  let lastBotId = 7_000_000_000;
  let lastGroupId = 4_000_000;
  let lastSupergroupId = 1_000_000_001_000;
  let queries = 0;

  const privateKey = (bot: Bot, userId: number): string => `${bot.id}/${userId}`;

  function nextMessageId(chat: Chat): number {
    const bot = chat.botId === undefined ? undefined : bots.get(chat.botId);
    return bot === undefined ? ++chat.lastMessageId : ++bot.lastMessageId;
  }

  function tell(bot: Bot, type: string, payload: unknown, line: string): void {
    const update = bot.updates.push(type, payload, line, now());
    if (update !== null) onUpdate(bot, update);
  }

  return {
    bots,
    users,
    files,
    now,
    journal,
    addBot(profile) {
      const id = profile.id ?? Number(profile.token?.split(":")[0] ?? ++lastBotId);
      if (!Number.isSafeInteger(id) || id <= 0 || bots.has(id) || users.has(id)) {
        throw new Error(`there can be no bot ${id}`);
      }
      const bot = makeBot(profile, id, firstId);
      bots.set(id, bot);
      botsByToken.set(bot.token, bot);
      return bot;
    },
    addUser(profile) {
      const id = profile.id ?? ++lastUserId;
      if (bots.has(id) || users.has(id)) throw new Error(`there is a user ${id} already`);
      const user: UserJson = {
        id,
        is_bot: false,
        first_name: profile.firstName,
        ...(profile.lastName === undefined ? {} : { last_name: profile.lastName }),
        ...(profile.username === undefined ? {} : { username: profile.username }),
        ...(profile.languageCode === undefined ? {} : { language_code: profile.languageCode }),
      };
      users.set(id, user);
      return user;
    },
    addChat({ type, title, username, id: wanted }) {
      const id = wanted ?? (type === "group" ? -++lastGroupId : -++lastSupergroupId);
      if (chats.has(id)) throw new Error(`there is a chat ${id} already`);
      const json = { id, type, title, ...(username === undefined ? {} : { username }) };
      const chat = makeChat(json, undefined, firstId);
      chats.set(id, chat);
      if (username !== undefined) chatsByName.set(username.toLowerCase(), chat);
      return chat;
    },
    botByToken: (token) => botsByToken.get(token),
    privateChat: (bot, userId) => privateChats.get(privateKey(bot, userId)),
    openPrivateChat(bot, user) {
      const key = privateKey(bot, user.id);
      const found = privateChats.get(key);
      if (found !== undefined) return found;
      const { id, is_bot: _bot, language_code: _language, ...names } = user;
      const chat = makeChat({ id, type: "private", ...names }, bot.id, firstId);
      chat.members.set(user.id, "member");
      chat.members.set(bot.id, "member");
      privateChats.set(key, chat);
      return chat;
    },
    chatOf(bot, id) {
      if (typeof id === "string") return chatsByName.get(id.replace(/^@/, "").toLowerCase());
      return id > 0 ? privateChats.get(privateKey(bot, id)) : chats.get(id);
    },
    nextMessageId,
    nextQueryId: () => `${Math.floor(now())}${String(++queries % 1_000_000).padStart(6, "0")}`,
    store(chat, content) {
      const message: Message = {
        message_id: nextMessageId(chat),
        date: Math.floor(now() / 1_000),
        chat: chat.json,
        ...content,
      };
      chat.messages.set(message.message_id, message);
      return message;
    },
    tell,
    tellChat(chat, type, message) {
      for (const id of chat.members.keys()) {
        const bot = bots.get(id);
        if (bot !== undefined && isPresent(chat, id) && sees(bot, chat, message)) {
          tell(bot, type, message, `chat ${chat.id}`);
        }
      }
    },
    readersOf: (chat) => [...chat.members.keys()].filter((id) => users.has(id) && isPresent(chat, id)),
  };
}

/** Privacy mode: in groups a bot sees commands, mentions, answers to it, and what the service tells. */
function sees(bot: Bot, chat: Chat, message: Message): boolean {
  if (!isGroup(chat) || bot.readsAllGroupMessages || isAdministrator(chat, bot.id)) return true;
  const text = message.text ?? message.caption;
  if (text === undefined && !carriesContent(message)) return true;
  if (text?.toLowerCase().includes(`@${bot.user.username.toLowerCase()}`) === true) return true;
  if (text?.startsWith("/") === true && !/^\/\w+@/.test(text)) return true;
  const answered = message["reply_to_message"] as Message | undefined;
  return answered?.from?.id === bot.id;
}

const serviceFields = [
  "new_chat_members",
  "left_chat_member",
  "migrate_to_chat_id",
  "migrate_from_chat_id",
  "pinned_message",
  "new_chat_title",
];

function carriesContent(message: Message): boolean {
  return !serviceFields.some((field) => message[field] !== undefined);
}
