/** What a person can do. Each act makes the updates that Telegram would make of it. */
import type { Bot } from "./bot.ts";
import { type Chat, isAdministrator, isPresent } from "./chat.ts";
import { findEntities } from "./entity.ts";
import { encodeMedia, type MediaKind, mediaFormats } from "./file.ts";
import { tellMembership } from "./membership.ts";
import { buttonsOf, type Json, type Message, type UserJson } from "./message.ts";
import type { World } from "./world.ts";

export interface SendOptions {
  readonly caption?: string;
  readonly replyTo?: Message;
}

/** What may be sent besides text. A file without bytes gets some. */
export type Content =
  | { readonly kind: MediaKind; readonly bytes?: Buffer; readonly name?: string; readonly mime?: string }
  | { readonly kind: "location"; readonly latitude: number; readonly longitude: number }
  | { readonly kind: "contact"; readonly phone: string; readonly firstName?: string }
  | { readonly kind: "raw"; readonly fields: Json };

export interface Person {
  readonly id: number;
  readonly user: UserJson;
  /** To a bot in private, which is how a conversation begins, or in a chat. */
  says(where: Bot | Chat, text: string, options?: SendOptions): Message;
  sends(where: Bot | Chat, content: Content, options?: SendOptions): Message;
  edits(message: Message, where: Bot | Chat, text: string): Message;
  /** Presses the button with this `callback_data` or label. @returns the query's id. @throws when there is none */
  presses(message: Message, where: Bot | Chat, button: string): string;
  /** No emoji takes it back. */
  reacts(message: Message, where: Bot | Chat, emoji?: string): void;
  /** In a poll of a bot's that is not anonymous: these options and no others; none takes the vote back. */
  votes(message: Message, where: Bot | Chat, ...options: readonly number[]): void;
  /** Another name, in each private chat from what is said there next. */
  isCalled(names: Pick<UserJson, "first_name" | "last_name">): void;
  /** Another photo in place of the one there. @throws when it has none */
  replaces(message: Message, where: Bot | Chat, caption: string): void;
  /** An inline query. @returns its id */
  asks(bot: Bot, query: string): string;
  joins(chat: Chat): void;
  leaves(chat: Chat): void;
  blocks(bot: Bot): void;
  unblocks(bot: Bot): void;
}

const callbackLifeMs = 150_000;
const inlineLifeMs = 30_000;

export function openPerson(world: World, user: UserJson): Person {
  function placeOf(where: Bot | Chat): Chat {
    if ("token" in where) {
      const chat = world.openPrivateChat(where, user);
      const { first_name, last_name } = user;
      Object.assign(chat.json, { first_name, last_name });
      return chat;
    }
    if (!isPresent(where, user.id)) throw new Error(`${user.first_name} is not in chat ${where.id}`);
    return where;
  }

  function send(where: Bot | Chat, content: Json, options: SendOptions = {}): Message {
    const chat = placeOf(where);
    // Who writes to a bot unblocks it.
    if (chat.botId !== undefined && !isPresent(chat, user.id)) setBlocked(where as Bot, false);
    const isChannel = chat.type === "channel";
    if (isChannel && !isAdministrator(chat, user.id))
      throw new Error("only administrators post in a channel");
    const { caption, replyTo } = options;
    const message = world.store(chat, {
      ...(isChannel ? { sender_chat: chat.json } : { from: user }),
      ...content,
      ...(caption === undefined ? {} : withEntities({ caption })),
      ...(replyTo === undefined ? {} : { reply_to_message: withoutReply(replyTo) }),
    });
    world.tellChat(chat, isChannel ? "channel_post" : "message", message);
    return message;
  }

  function setBlocked(bot: Bot, isBlocked: boolean): void {
    const chat = world.openPrivateChat(bot, user);
    if (isPresent(chat, user.id) !== isBlocked) return;
    chat.members.set(user.id, isBlocked ? "kicked" : "member");
    tellMembership(world, chat, { actor: user, subject: bot.user, from: isBlocked ? "member" : "kicked" });
  }

  return {
    id: user.id,
    user,
    says: (where, text, options) => send(where, withEntities({ text }), options),
    sends: (where, content, options) => send(where, encodeContent(world, user, content), options),
    edits(message, where, text) {
      const chat = placeOf(where);
      if (message.from?.id !== user.id && chat.type !== "channel")
        throw new Error("not a message of this person");
      const field = message.text === undefined ? "caption" : "text";
      Object.assign(message, withEntities({ [field]: text }), { edit_date: Math.floor(world.now() / 1_000) });
      world.tellChat(chat, chat.type === "channel" ? "edited_channel_post" : "edited_message", message);
      return message;
    },
    presses(message, where, label) {
      const chat = placeOf(where);
      const current = chat.messages.get(message.message_id);
      if (current === undefined) throw new Error(`there is no message ${message.message_id} any more`);
      const buttons = buttonsOf(current);
      const button =
        buttons.find(({ callback_data: data }) => data === label) ??
        buttons.find(({ text }) => text === label);
      if (button?.callback_data === undefined) {
        throw new Error(`no button ${label}, but ${buttons.map(({ text }) => text).join(", ") || "none"}`);
      }
      const bot = world.bots.get(current.from?.id ?? chat.botId ?? 0);
      if (bot === undefined) throw new Error("the message is no bot's");
      const id = world.nextQueryId();
      bot.queries.set(id, { kind: "callback", userId: user.id, untilMs: world.now() + callbackLifeMs });
      const chatInstance = String(Math.abs(chat.id));
      const query = {
        id,
        from: user,
        message: current,
        chat_instance: chatInstance,
        data: button.callback_data,
      };
      world.tell(bot, "callback_query", query, `callback ${user.id}`);
      return id;
    },
    reacts(message, where, emoji) {
      const chat = placeOf(where);
      const current = chat.messages.get(message.message_id);
      if (current === undefined) throw new Error(`there is no message ${message.message_id} any more`);
      const given = chat.reactions.get(message.message_id) ?? new Map<number, string>();
      chat.reactions.set(message.message_id, given);
      const before = given.get(user.id);
      const old = before === undefined ? [] : [{ type: "emoji", emoji: before }];
      if (emoji === undefined) given.delete(user.id);
      else given.set(user.id, emoji);
      const reaction = {
        chat: chat.json,
        message_id: current.message_id,
        user,
        date: Math.floor(world.now() / 1_000),
        old_reaction: old,
        new_reaction: emoji === undefined ? [] : [{ type: "emoji", emoji }],
      };
      for (const id of chat.members.keys()) {
        const bot = world.bots.get(id);
        const isTold = bot !== undefined && (chat.type === "private" || isAdministrator(chat, id));
        if (isTold) world.tell(bot, "message_reaction", reaction, `chat ${chat.id}`);
      }
    },
    votes(message, where, ...options) {
      const current = placeOf(where).messages.get(message.message_id);
      const poll = current?.["poll"] as Json | undefined;
      const bot = world.bots.get(current?.from?.id ?? 0);
      if (poll === undefined || bot === undefined) throw new Error("there is no poll of a bot's");
      if (poll["is_anonymous"] === true) return;
      world.tell(bot, "poll_answer", { poll_id: poll["id"], user, option_ids: options }, `poll ${user.id}`);
    },
    isCalled: (names) => void Object.assign(user, names),
    replaces(message, where, caption) {
      const chat = placeOf(where);
      if (message["photo"] === undefined) throw new Error("there is no photo in the message");
      Object.assign(message, encodeContent(world, user, { kind: "photo" }), withEntities({ caption }), {
        edit_date: Math.floor(world.now() / 1_000),
      });
      world.tellChat(chat, "edited_message", message);
    },
    asks(bot, query) {
      const id = world.nextQueryId();
      bot.queries.set(id, { kind: "inline", userId: user.id, untilMs: world.now() + inlineLifeMs });
      world.tell(bot, "inline_query", { id, from: user, query, offset: "" }, `inline ${user.id}`);
      return id;
    },
    joins(chat) {
      if (isPresent(chat, user.id)) return;
      const from = chat.members.get(user.id) ?? "left";
      chat.members.set(user.id, "member");
      tellMembership(world, chat, { actor: user, subject: user, from });
    },
    leaves(chat) {
      if (!isPresent(chat, user.id)) return;
      const from = chat.members.get(user.id) ?? "left";
      chat.members.set(user.id, "left");
      tellMembership(world, chat, { actor: user, subject: user, from });
    },
    blocks: (bot) => setBlocked(bot, true),
    unblocks: (bot) => setBlocked(bot, false),
  };
}

export function withEntities(content: { readonly text?: string; readonly caption?: string }): Json {
  const entities = findEntities(content.text ?? content.caption ?? "");
  const field = content.text === undefined ? "caption_entities" : "entities";
  return { ...content, [field]: entities.length === 0 ? undefined : entities };
}

/** Telegram nests one level only. */
export function withoutReply(message: Message): Json {
  const { reply_to_message: _nested, ...rest } = message;
  return rest;
}

function encodeContent(world: World, user: UserJson, content: Content): Json {
  if (content.kind === "raw") return content.fields;
  if (content.kind === "location") {
    return { location: { latitude: content.latitude, longitude: content.longitude } };
  }
  if (content.kind === "contact") {
    const firstName = content.firstName ?? user.first_name;
    return { contact: { phone_number: content.phone, first_name: firstName, user_id: user.id } };
  }
  const { kind } = content;
  const format = mediaFormats[kind];
  const file = world.files.put({
    name: content.name ?? format.name,
    mime: content.mime ?? format.mime,
    bytes: content.bytes ?? Buffer.from(`a simulated ${kind}`),
    folder: format.folder,
  });
  return encodeMedia(kind, file);
}
