/**
 * The frames of the WebSocket, described once: JSON, protobuf (`frame.proto`) and the types below all come from
 * these tables (CONTRACT §3). Numbers are for ever: a field is added, never renumbered or reused.
 */
import { limits } from "./limit.ts";
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

export const id = integer({ min: 1 });
/** A position: 0 stands before the first. */
export const position = integer({ min: 0 });
const timeMs = integer({ min: 0 });
/** Chosen by the client; the name of a command for ever (L3). */
export const uuid = text({ bytesMax: 64, pattern: /^[A-Za-z0-9_-]{1,64}$/ });
const word = text({ bytesMax: 64 });
export const title = text({ bytesMax: limits.titleBytesMax });
export const body = text({ bytesMax: limits.bodyBytesMax, code: "too_large" });
/** What a person may send; `service` messages are made by chats themselves. */
export const kind = text({ bytesMax: 32, pattern: /^(?!service$)[a-z][a-z0-9_]{0,31}$/ });

/** A span of the body; offset and length count UTF-16 units, as Telegram's do. */
export const entity = object("Entity", {
  type: required(1, word),
  offset: required(2, position),
  length: required(3, position),
  url: optional(4, text({ bytesMax: 2_048 })),
  userId: optional(5, id),
  language: optional(6, word),
  customEmojiId: optional(7, word),
});
export const entities = list(entity, { max: limits.entitiesMax });

export const forward = object("Forward", {
  chatId: required(1, id),
  seq: required(2, id),
  senderId: required(3, id),
});

export const attachment = object("Attachment", {
  fileId: required(1, text({ bytesMax: 512 })),
  kind: required(2, word),
  name: optional(3, text({ bytesMax: 512 })),
  size: optional(4, position),
  mime: optional(5, text({ bytesMax: 256 })),
});
export const attachments = list(attachment, { max: limits.attachmentsMax });

const telegram = object("TelegramState", {
  messageId: optional(1, id),
  state: required(2, choice("received", "queued", "sent", "failed", "unknown")),
  error: optional(3, text({ bytesMax: 1_024 })),
});

/** What a `service` message tells. */
const service = object("Service", {
  action: required(1, choice("created", "joined")),
  userIds: required(2, list(id, { max: limits.invitesMax })),
  title: optional(3, title),
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
  reactions: required(12, record("string", list(id, { max: 100_000 }), { max: 1_000 })),
  pinned: required(13, flag),
  editedAt: nullable(14, timeMs),
  deletedAt: nullable(15, timeMs),
  ts: required(16, timeMs),
  source: required(17, choice("ws", "rest", "grpc", "bot", "telegram", "service")),
  telegram: optional(18, telegram),
  service: optional(19, service),
} satisfies Fields;

const memberRole = choice("owner", "admin", "member", "reader");
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
} satisfies Fields;
const chat = object("Chat", chatFields);

const memberChanged = {
  chatId: required(1, id),
  rev: required(2, position),
  userId: required(3, id),
  role: required(4, memberRole),
  change: required(5, choice("joined")),
} satisfies Fields;

const syncPosition = object("SyncPosition", { seq: required(1, position), rev: optional(2, position) });

const receipt = {
  chatId: required(1, id),
  userId: required(2, id),
  deliveredSeq: required(3, position),
  readSeq: required(4, position),
} satisfies Fields;

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
    },
  },
  Sync: {
    number: 11,
    fields: {
      chats: required(1, record("int64", syncPosition, { max: limits.syncChatsMax })),
      userRev: optional(2, position),
    },
  },
  Auth: { number: 14, fields: { token: required(1, text({ bytesMax: 4_096 })) } },
  Ping: { number: 15, fields: { t: optional(1, position) } },
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
  MemberChanged: { number: 40, fields: memberChanged },
  Receipt: { number: 41, fields: receipt },
  ChatAdded: { number: 44, fields: { chat: required(1, chat), userRev: required(2, position) } },
  ChatRemoved: { number: 45, fields: { chatId: required(1, id), userRev: required(2, position) } },
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
  Draining: { number: 50, fields: { reconnectMs: required(1, position) } },
  Authed: { number: 52, fields: { expiresAt: required(1, timeMs) } },
  Pong: { number: 51, fields: { t: optional(1, position) } },
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
export type TelegramState = NonNullable<Message["telegram"]>;
export type Source = Message["source"];
/** A change to a chat that takes a `rev` (L4). */
export type ChangeFrame = ServerFrameOf<"MemberChanged">;
