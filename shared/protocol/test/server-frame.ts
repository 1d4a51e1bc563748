/** Every frame a server sends, with every field it has and with none it may lack. */
import {
  type ChangeFrame,
  type Chat,
  idMax,
  type Message,
  type ServerFrame,
  type ServerFrameOf,
} from "../src/mod.ts";

const full: Message = {
  chatId: idMax,
  seq: 12,
  rev: 3,
  senderId: 7,
  uuid: "u-1",
  kind: "photo",
  body: "hé 👩‍👩‍👧",
  entities: [
    {
      type: "text_link",
      offset: 1,
      length: 2,
      url: "https://example.org",
      userId: 9,
      language: "de",
      customEmojiId: "e",
    },
    { type: "bold", offset: 0, length: 1 },
  ],
  replyTo: 11,
  forward: { chatId: 6, seq: 7, senderId: 8 },
  attachments: [{ fileId: "f", kind: "photo", name: "n", size: 3, mime: "image/png" }],
  reactions: { "👍": [1, 2, idMax], "🎉": [3] },
  pinned: true,
  editedAt: 1_700_000_000_001,
  deletedAt: 1_700_000_000_002,
  ts: 1_700_000_000_000,
  source: "telegram",
  telegram: { messageId: 99, state: "failed", error: "blocked" },
  service: { action: "created", userIds: [1, 2], title: "tea", role: "admin" },
  poll: {
    question: "Tea?",
    options: [
      { text: "yes", userIds: [7, idMax] },
      { text: "no", userIds: [] },
    ],
    multiple: true,
    closed: true,
  },
  location: { latitude: -52.25, longitude: 13.125, accuracyM: 0.5 },
  contact: { phone: "+49 30 1234", firstName: "Ada", lastName: "L", userId: 9 },
  viaBotId: 9,
  keyboard: {
    rows: [
      {
        buttons: [
          { text: "Yes", data: "y" },
          { text: "Me", request: "contact", url: "https://a.b" },
          { text: "Copy", copy: "words", inline: "here", query: "tea" },
        ],
      },
    ],
    place: "inline",
  },
};

const bare: Message = {
  chatId: 1,
  seq: 1,
  rev: 0,
  senderId: 1,
  uuid: "u",
  kind: "text",
  body: "",
  entities: [],
  replyTo: null,
  forward: null,
  attachments: [],
  reactions: {},
  pinned: false,
  editedAt: null,
  deletedAt: null,
  ts: 0,
  source: "ws",
};

const chat: Chat = {
  id: 5,
  type: "group",
  title: "tea",
  headSeq: 12,
  rev: 3,
  unread: 4,
  lastMessage: full,
  role: "owner",
  createdAt: 1_700_000_000_000,
};

const joined: ServerFrameOf<"MemberChanged"> = {
  type: "MemberChanged",
  chatId: 5,
  rev: 4,
  userId: 8,
  role: "reader",
  change: "joined",
};

const about = {
  description: "about tea",
  photo: { fileId: "f-1", kind: "photo" },
  forbids: ["send_polls"],
} as const;

const changed = { chatId: 5, seq: 3, rev: 4 };
const { id, type, title, headSeq, rev, createdAt } = chat;
const shared = { id, type, title, headSeq, rev, createdAt };

/** By type, so that a new frame does not compile before it is here. */
const byType: { readonly [T in ServerFrame["type"]]: readonly Extract<ServerFrame, { type: T }>[] } = {
  Hello: [
    {
      type: "Hello",
      userId: 7,
      connId: "c",
      heartbeatMs: 25_000,
      frameBytesMax: 65_536,
      serverTime: 1_700_000_000_000,
      userRev: 2,
    },
  ],
  Ack: [
    { type: "Ack", uuid: "u-1", chatId: 5, seq: idMax, rev: 2, ts: 1_700_000_000_000, duplicate: true },
    { type: "Ack", uuid: "u", chatId: 1, seq: 0, rev: 0, ts: 0, duplicate: false },
  ],
  Error: [
    { type: "Error", uuid: "u-1", code: "overloaded", message: "Too busy", retryMs: 250 },
    { type: "Error", code: "invalid", message: "" },
  ],
  Message: [
    { type: "Message", ...full },
    { type: "Message", ...bare },
  ],
  MessageEdited: [
    { type: "MessageEdited", ...changed, body: "hé", entities: full.entities, editedAt: 1_700_000_000_001 },
    { type: "MessageEdited", ...changed, body: "", entities: [], editedAt: 0 },
    {
      type: "MessageEdited",
      ...changed,
      body: "",
      entities: [],
      editedAt: 0,
      keyboard: { rows: [] },
      attachments: [{ fileId: "f", kind: "photo" }],
      location: { latitude: 1, longitude: 2 },
      kind: "photo",
    },
  ],
  MessageDeleted: [{ type: "MessageDeleted", ...changed }],
  Reaction: [{ type: "Reaction", ...changed, userId: 8, emoji: "👍", remove: true }],
  Pinned: [{ type: "Pinned", ...changed, remove: true }],
  Voted: [
    { type: "Voted", ...changed, userId: 8, options: [0, 19] },
    { type: "Voted", ...changed, userId: 8, options: [] },
  ],
  PollClosed: [{ type: "PollClosed", ...changed }],
  MessageSettled: [
    { type: "MessageSettled", ...changed, telegram: { state: "sent", messageId: 77 } },
    {
      type: "MessageSettled",
      ...changed,
      telegram: { state: "failed", error: "Forbidden: bot was blocked by the user" },
    },
  ],
  CallbackAnswer: [
    { type: "CallbackAnswer", uuid: "u-1" },
    { type: "CallbackAnswer", uuid: "u-1", text: "Saved", alert: true, url: "https://a.example/" },
  ],
  Draft: [
    { type: "Draft", chatId: 5, userId: 9, draftId: 1, body: "", entities: [] },
    {
      type: "Draft",
      chatId: 5,
      userId: 9,
      draftId: 1,
      body: "so far",
      entities: [{ type: "bold", offset: 0, length: 2 }],
    },
  ],
  InlineResults: [
    { type: "InlineResults", uuid: "u-1", queryId: 9, results: [] },
    {
      type: "InlineResults",
      uuid: "u-1",
      queryId: 9,
      results: [
        {
          id: "a",
          type: "article",
          title: "A",
          description: "more of it",
          url: "https://a.example/",
          thumbnailUrl: "https://a.example/a.png",
        },
      ],
      nextOffset: "2",
    },
  ],
  Joined: [
    { type: "Joined", uuid: "u-1", chatId: 5, state: "joined" },
    { type: "Joined", uuid: "u-2", chatId: 5, state: "asked" },
  ],
  AccessChanged: [
    {
      type: "AccessChanged",
      chatId: 5,
      rev: 4,
      subject: "key:7",
      canRead: true,
      canSend: false,
      canManage: true,
      mayRead: true,
    },
    {
      type: "AccessChanged",
      chatId: 5,
      rev: 5,
      subject: `user:${idMax}`,
      canRead: null,
      canSend: null,
      canManage: null,
      mayRead: false,
    },
  ],
  MemberChanged: [
    joined,
    { ...joined, change: "removed" },
    { ...joined, role: "admin", change: "role", title: "chief", rights: ["manage_chat"] },
    { ...joined, role: "member", change: "role", forbids: ["send_polls"] },
  ],
  ChatUpdated: [
    { type: "ChatUpdated", chatId: 5, rev: 4, chat: shared },
    { type: "ChatUpdated", chatId: 5, rev: 4, chat: { ...shared, title: null } },
    { type: "ChatUpdated", chatId: 5, rev: 4, chat: { ...shared, ...about } },
  ],
  Typing: [{ type: "Typing", chatId: 5, userId: 8 }],
  Presence: [
    { type: "Presence", userId: 8, status: "away", lastSeen: 1_700_000_000_000 },
    { type: "Presence", userId: 8, status: "offline", lastSeen: null },
  ],
  Watched: [
    { type: "Watched", channels: ["chat:5", "bot:7", "presence:9", "all"] },
    { type: "Watched", channels: [] },
  ],
  Receipts: [
    {
      type: "Receipts",
      chatId: 5,
      receipts: [
        { userId: 8, deliveredSeq: 9, readSeq: 7 },
        { userId: 9, deliveredSeq: 9, readSeq: 0 },
      ],
    },
  ],
  Receipt: [{ type: "Receipt", chatId: 5, userId: 8, deliveredSeq: 9, readSeq: 7 }],
  ChatAdded: [
    { type: "ChatAdded", chat, userRev: 3 },
    { type: "ChatAdded", chat: { ...chat, ...about }, userRev: 3 },
    {
      type: "ChatAdded",
      chat: { ...chat, title: null, lastMessage: null, headSeq: 0, rev: 0, unread: 0 },
      userRev: 1,
    },
  ],
  ChatRemoved: [{ type: "ChatRemoved", chatId: 5, userRev: 4 }],
  SyncResult: [
    {
      type: "SyncResult",
      chatId: 5,
      messages: [full, bare],
      changes: [joined, { type: "MessageDeleted", ...changed, rev: 5 }] as readonly ChangeFrame[],
      receipts: [{ chatId: 5, userId: 8, deliveredSeq: 9, readSeq: 0 }],
      headSeq: 12,
      rev: 5,
      more: true,
    },
    {
      type: "SyncResult",
      chatId: 5,
      messages: [],
      changes: [],
      receipts: [],
      headSeq: 0,
      rev: 0,
      more: false,
    },
  ],
  Authed: [{ type: "Authed", expiresAt: 1_700_000_900_000 }],
  Draining: [{ type: "Draining", reconnectMs: 1_500 }],
  Pong: [{ type: "Pong", t: 1_700_000_000_000 }, { type: "Pong" }],
};

export const serverSamples: readonly ServerFrame[] = Object.values(byType).flat();
