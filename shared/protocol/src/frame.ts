/**
 * The frames of the WebSocket, described once: JSON, protobuf (`frame.proto`) and the types below all come from
 * these tables (CONTRACT §3). Numbers are for ever: a field is added, never renumbered or reused.
 */
import { aclSubjectPattern } from "./acl.ts";
import {
  attachment,
  attachments,
  callbackData,
  contact,
  entities,
  forward,
  keyboard,
  location,
  poll,
  pollDraft,
} from "./content.ts";
import { limits } from "./limit.ts";
import { body, emoji, id, kind, position, timeMs, title, uuid, word } from "./scalar.ts";
import {
  choice,
  type Fields,
  flag,
  frames,
  type Infer,
  integer,
  list,
  nullable,
  object,
  optional,
  record,
  required,
  text,
} from "./schema.ts";

const telegram = object("TelegramState", {
  messageId: optional(1, id),
  state: required(2, choice("received", "queued", "sent", "failed", "unknown")),
  error: optional(3, text({ bytesMax: 1_024 })),
});

const memberRole = choice("owner", "admin", "member", "reader");

/** What a `service` message tells. */
const service = object("Service", {
  action: required(1, choice("created", "joined", "left", "removed", "role", "renamed")),
  userIds: required(2, list(id, { max: limits.invitesMax })),
  title: optional(3, title),
  role: optional(4, memberRole),
});

const messageFields = {
  chatId: required(1, id),
  seq: required(2, id),
  /** The chat's rev when this message was last written. */
  rev: required(3, position),
  senderId: required(4, id),
  uuid: required(5, uuid),
  kind: required(6, word),
  body: required(7, body),
  entities: required(8, entities),
  replyTo: nullable(9, id),
  forward: nullable(10, forward),
  attachments: required(11, attachments),
  reactions: required(
    12,
    record("string", list(id, { max: limits.reactionsMax }), { max: limits.emojisMax }),
  ),
  pinned: required(13, flag),
  editedAt: nullable(14, timeMs),
  deletedAt: nullable(15, timeMs),
  ts: required(16, timeMs),
  source: required(17, choice("ws", "rest", "grpc", "bot", "telegram", "service")),
  telegram: optional(18, telegram),
  service: optional(19, service),
  poll: optional(20, poll),
  location: optional(21, location),
  contact: optional(22, contact),
  keyboard: optional(23, keyboard),
  /** The bot of ours that offered it to its sender. */
  viaBotId: optional(24, id),
} satisfies Fields;

const chatType = choice("direct", "group", "channel", "telegram");

const chatFields = {
  id: required(1, id),
  type: required(2, chatType),
  title: nullable(3, title),
  headSeq: required(4, position),
  rev: required(5, position),
  unread: required(6, position),
  lastMessage: nullable(7, object("Message", messageFields)),
  role: required(8, memberRole),
  createdAt: required(9, timeMs),
  description: optional(10, text({ bytesMax: 1_024 })),
  photo: optional(11, attachment),
  /**
   * What members may not, by the names of Telegram's permissions; absent: `change_info` and `pin_messages`. protobuf does not tell
   * a list of nothing from none at all: whoever shows what members may reads it there by REST. What is not allowed is refused anyway.
   */
  forbids: optional(12, list(word, { max: 32 })),
} satisfies Fields;
const chat = object("Chat", chatFields);
/** What of a chat is the same for everybody in it; numbered as in `Chat`. */
const sharedChat = object("SharedChat", {
  id: chatFields.id,
  type: chatFields.type,
  title: chatFields.title,
  headSeq: chatFields.headSeq,
  rev: chatFields.rev,
  createdAt: chatFields.createdAt,
  description: chatFields.description,
  photo: chatFields.photo,
  forbids: chatFields.forbids,
});

/** Every change to a message begins so. */
const changed = {
  chatId: required(1, id),
  seq: required(2, id),
  rev: required(3, position),
} satisfies Fields;
/** Every command about a message begins so. */
const aimed = { uuid: required(1, uuid), chatId: required(2, id), seq: required(3, id) } satisfies Fields;
/** The options of a poll, by place. */
const choices = list(integer({ min: 0, max: limits.pollOptionsMax - 1 }), { max: limits.pollOptionsMax });

const syncPosition = object("SyncPosition", { seq: required(1, position), rev: optional(2, position) });

/** How far somebody has come: all up to a seq is delivered to one of their devices, and read. */
const mark = {
  userId: required(2, id),
  deliveredSeq: required(3, position),
  readSeq: required(4, position),
} satisfies Fields;
const receipt = { chatId: required(1, id), ...mark } satisfies Fields;

/** `chat:5`, `bot:7`, `presence:9`, or `all` there is. */
const channel = text({ bytesMax: 64, pattern: /^(all|(chat|bot|presence):[1-9]\d{0,15})$/ });
const channels = list(channel, { max: limits.channelsMax });

const inlineResult = object("InlineResult", {
  id: required(1, word),
  type: required(2, word),
  title: optional(3, text({ bytesMax: 1_024 })),
  description: optional(4, text({ bytesMax: 2_048 })),
  url: optional(5, text({ bytesMax: 2_048 })),
  thumbnailUrl: optional(6, text({ bytesMax: 2_048 })),
});

const linkCode = text({ bytesMax: 32, pattern: /^[A-Za-z0-9_-]{16}$/ });

/** What a client may send. The number is that of the frame in protobuf's `oneof`. */
export const clientFrames = {
  SendMessage: {
    number: 1,
    fields: {
      uuid: required(1, uuid),
      chatId: required(2, id),
      body: required(3, body),
      kind: optional(4, kind),
      entities: optional(5, entities),
      replyTo: optional(6, id),
      forward: optional(7, forward),
      attachments: optional(8, attachments),
      poll: optional(9, pollDraft),
      location: optional(10, location),
      contact: optional(11, contact),
      keyboard: optional(12, keyboard),
    },
  },
  EditMessage: {
    number: 2,
    fields: { ...aimed, body: required(4, body), entities: optional(5, entities) },
  },
  DeleteMessage: { number: 3, fields: aimed },
  React: { number: 4, fields: { ...aimed, emoji: required(4, emoji), remove: optional(5, flag) } },
  Pin: { number: 5, fields: { ...aimed, remove: optional(4, flag) } },
  /** A button of a bot of our own is pressed; `data` is the button's. */
  Callback: { number: 6, fields: { ...aimed, data: required(4, callbackData) } },
  Read: { number: 7, fields: { chatId: required(1, id), seq: required(2, id) } },
  Delivered: { number: 8, fields: { chatId: required(1, id), seq: required(2, id) } },
  Sync: {
    number: 11,
    fields: {
      chats: required(1, record("int64", syncPosition, { max: limits.syncChatsMax })),
      userRev: optional(2, position),
    },
  },
  Watch: { number: 12, fields: { channels: required(1, channels) } },
  /** The options chosen replace those chosen before; `remove` takes the vote back. */
  Vote: { number: 13, fields: { ...aimed, options: optional(4, choices), remove: optional(5, flag) } },
  Auth: { number: 14, fields: { token: required(1, text({ bytesMax: 4_096 })) } },
  Ping: { number: 15, fields: { t: optional(1, position) } },
  Unwatch: { number: 16, fields: { channels: required(1, channels) } },
  /** Asks a bot of ours, by its name, for something to send. */
  InlineQuery: {
    number: 18,
    fields: {
      uuid: required(1, uuid),
      bot: required(2, text({ bytesMax: 64, pattern: /^@?[A-Za-z0-9_]{3,32}$/ })),
      query: required(3, text({ bytesMax: 1_024 })),
      offset: optional(4, text({ bytesMax: 64 })),
    },
  },
  /** Sends what a bot offered; answered as a message is. */
  ChooseInline: {
    number: 19,
    fields: {
      uuid: required(1, uuid),
      chatId: required(2, id),
      queryId: required(3, id),
      resultId: required(4, word),
      replyTo: optional(5, id),
    },
  },
  /** By a link, whose code is the end of its address. */
  Join: { number: 17, fields: { uuid: required(1, uuid), code: required(2, linkCode) } },
  // What both sides send is one message of protobuf: the server's has more in it.
  Typing: { number: 42, fields: { chatId: required(1, id) } },
  Presence: { number: 43, fields: { status: required(1, choice("online", "away")) } },
} as const satisfies Record<string, { number: number; fields: Fields }>;

/** What a server sends. */
export const serverFrames = {
  Hello: {
    number: 32,
    fields: {
      userId: required(1, id),
      connId: required(2, word),
      heartbeatMs: required(3, position),
      frameBytesMax: required(4, position),
      serverTime: required(5, timeMs),
      userRev: required(6, position),
    },
  },
  Ack: {
    number: 33,
    fields: {
      uuid: required(1, uuid),
      chatId: required(2, id),
      seq: required(3, position),
      rev: required(4, position),
      ts: required(5, timeMs),
      duplicate: required(6, flag),
    },
  },
  Error: {
    number: 34,
    fields: {
      uuid: optional(1, uuid),
      code: required(2, word),
      message: required(3, text({ bytesMax: 4_096 })),
      retryMs: optional(4, position),
    },
  },
  Message: { number: 35, fields: messageFields },
  MessageEdited: {
    number: 36,
    fields: {
      ...changed,
      body: required(4, body),
      entities: required(5, entities),
      editedAt: required(6, timeMs),
      // Of a bot's message, which may change in all its parts; absent: as they were. No rows: no buttons any more.
      keyboard: optional(7, keyboard),
      attachments: optional(8, attachments),
      location: optional(9, location),
      kind: optional(10, word),
    },
  },
  MessageDeleted: { number: 37, fields: changed },
  Reaction: {
    number: 38,
    fields: { ...changed, userId: required(4, id), emoji: required(5, emoji), remove: required(6, flag) },
  },
  Pinned: { number: 39, fields: { ...changed, remove: required(4, flag) } },
  MemberChanged: {
    number: 40,
    fields: {
      chatId: required(1, id),
      rev: required(2, position),
      userId: required(3, id),
      /** The role they have now, or had last. */
      role: required(4, memberRole),
      change: required(5, choice("joined", "left", "removed", "role")),
      /** Of an administrator: what is shown beside the name, and what they may; absent: as all. */
      title: optional(6, text({ bytesMax: 64 })),
      rights: optional(7, list(word, { max: 32 })),
      /** Of a member: what they may not. */
      forbids: optional(8, list(word, { max: 32 })),
    },
  },
  Receipt: { number: 41, fields: receipt },
  Typing: { number: 42, fields: { chatId: required(1, id), userId: required(2, id) } },
  Presence: {
    number: 43,
    fields: {
      status: required(1, choice("online", "away", "offline")),
      userId: required(2, id),
      /** When they were last online; null of somebody who never was. */
      lastSeen: nullable(3, timeMs),
    },
  },
  ChatAdded: { number: 44, fields: { chat: required(1, chat), userRev: required(2, position) } },
  ChatRemoved: { number: 45, fields: { chatId: required(1, id), userRev: required(2, position) } },
  ChatUpdated: {
    number: 46,
    fields: { chatId: required(1, id), rev: required(2, position), chat: required(3, sharedChat) },
  },
  SyncResult: {
    number: 47,
    fields: {
      chatId: required(1, id),
      messages: required(2, list(object("Message", messageFields), { max: 10_000 })),
      /** The frames of the chat's changes, in rev order. */
      changes: required(3, frames),
      receipts: required(4, list(object("Receipt", receipt), { max: 100_000 })),
      headSeq: required(5, position),
      rev: required(6, position),
      more: required(7, flag),
    },
  },
  /** All this socket watches from now on. */
  Watched: { number: 48, fields: { channels: required(1, channels) } },
  /** Many receipts of one chat at once, as they come in chats of many. */
  Receipts: {
    number: 49,
    fields: {
      chatId: required(1, id),
      receipts: required(2, list(object("Mark", mark), { max: limits.receiptsMax })),
    },
  },
  Draining: { number: 50, fields: { reconnectMs: required(1, position) } },
  Authed: { number: 52, fields: { expiresAt: required(1, timeMs) } },
  Pong: { number: 51, fields: { t: optional(1, position) } },
  /** What a member has chosen in a poll from now on; nothing when the vote was taken back. */
  Voted: {
    number: 53,
    fields: { ...changed, userId: required(4, id), options: required(5, choices) },
  },
  /** What the chat allows a subject from now on, beside its role; null: as the role says. */
  AccessChanged: {
    number: 54,
    fields: {
      chatId: required(1, id),
      rev: required(2, position),
      /** `user:5` or `key:7`. */
      subject: required(3, text({ bytesMax: 32, pattern: aclSubjectPattern })),
      canRead: nullable(4, flag),
      canSend: nullable(5, flag),
      canManage: nullable(6, flag),
      /** Whether the subject may read the chat after all; of a key, whether its own entry says so. */
      mayRead: required(7, flag),
    },
  },
  /** What became of a message's way to Telegram. */
  MessageSettled: { number: 55, fields: { ...changed, telegram: required(4, telegram) } },
  /** What the bot says to a press; with nothing in it: nothing, or nothing in time. */
  CallbackAnswer: {
    number: 57,
    fields: {
      uuid: required(1, uuid),
      text: optional(2, text({ bytesMax: 4_096 })),
      /** Shown until it is put away. */
      alert: optional(3, flag),
      url: optional(4, text({ bytesMax: 2_048 })),
    },
  },
  /** What the bot offers; with `nextOffset` there is more. */
  InlineResults: {
    number: 59,
    fields: {
      uuid: required(1, uuid),
      queryId: required(2, id),
      results: required(3, list(inlineResult, { max: 50 })),
      nextOffset: optional(4, text({ bytesMax: 64 })),
    },
  },
  /** What a bot is about to say, as far as it is; a message of the bot's takes its place, or 30 s do. Nothing of it is kept. */
  Draft: {
    number: 60,
    fields: {
      chatId: required(1, id),
      userId: required(2, id),
      draftId: required(3, id),
      body: required(4, body),
      entities: required(5, entities),
    },
  },
  /** The user is in the chat, or waits to be let in. */
  Joined: {
    number: 58,
    fields: {
      uuid: required(1, uuid),
      chatId: required(2, id),
      state: required(3, choice("joined", "asked")),
    },
  },
  /** A poll takes no more votes. */
  PollClosed: { number: 56, fields: changed },
} as const satisfies Record<string, { number: number; fields: Fields }>;

type FramesOf<Table extends Record<string, { fields: Fields }>> = {
  [K in keyof Table]: { readonly type: K } & Infer<Table[K]["fields"]>;
};

/** A frame from a client: a union tagged by `type`. */
export type ClientFrame = FramesOf<typeof clientFrames>[keyof typeof clientFrames];
/** A frame from the server: a union tagged by `type`. */
export type ServerFrame = FramesOf<typeof serverFrames>[keyof typeof serverFrames];

export type ServerFrameOf<T extends ServerFrame["type"]> = FramesOf<typeof serverFrames>[T];
export type ClientFrameOf<T extends ClientFrame["type"]> = FramesOf<typeof clientFrames>[T];

export type Message = Infer<typeof messageFields>;
export type Chat = Infer<typeof chatFields>;
export type ChatType = Chat["type"];
export type MemberRole = Chat["role"];
export type Entity = NonNullable<Message["entities"]>[number];
export type Attachment = Message["attachments"][number];
export type Forward = NonNullable<Message["forward"]>;
export type Service = NonNullable<Message["service"]>;
export type Poll = NonNullable<Message["poll"]>;
export type PollDraft = NonNullable<ClientFrameOf<"SendMessage">["poll"]>;
export type Location = NonNullable<Message["location"]>;
export type Contact = NonNullable<Message["contact"]>;
export type Keyboard = NonNullable<Message["keyboard"]>;
export type TelegramState = NonNullable<Message["telegram"]>;
export type Source = Message["source"];
/** How far one member has come in a chat. */
export type Mark = Infer<typeof mark>;
/** A change to a chat that takes a `rev` (L4). */
export type ChangeFrame = ServerFrameOf<
  | "MessageEdited"
  | "MessageDeleted"
  | "Reaction"
  | "Pinned"
  | "Voted"
  | "PollClosed"
  | "MessageSettled"
  | "MemberChanged"
  | "ChatUpdated"
  | "AccessChanged"
>;
