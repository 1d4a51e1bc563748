/** What clients send, good and bad: one table for both codecs. */
import { clientFrames } from "../src/frame.ts";
import { type ClientFrame, type FaultCode, idMax } from "../src/mod.ts";
import { rawFrame } from "./plain-proto.ts";

type SentFrame = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface GoodCase {
  readonly says: string;
  readonly frame: ClientFrame;
}

export interface BadCase {
  readonly says: string;
  /** As JSON; and as protobuf, unless `proto` says how, or that it cannot be said there. */
  readonly frame: SentFrame;
  readonly proto?: Uint8Array | null;
  readonly code: FaultCode;
  /** The uuid the fault names; none when the frame has no readable one. */
  readonly uuid?: string;
}

const send = { type: "SendMessage", uuid: "u-1", chatId: 5, body: "hi" } as const;
const entity = { type: "bold", offset: 0, length: 2 };
const attachment = { fileId: "f", kind: "photo" };
const poll = { question: "Tea?", options: ["yes", "no"] };
const location = { latitude: 52.5, longitude: -13.4 };
const contact = { phone: "+49 30 1234", firstName: "Ada" };
const aimed = { uuid: "u-1", chatId: 5, seq: 3 } as const;
const edit = { type: "EditMessage", ...aimed, body: "ho" } as const;
const react = { type: "React", ...aimed, emoji: "👍" } as const;
const vote = { type: "Vote", ...aimed, options: [0] } as const;

export const goodCases: readonly GoodCase[] = [
  { says: "a message with what it must have", frame: send },
  {
    says: "a message with everything",
    frame: {
      ...send,
      kind: "photo",
      entities: [
        entity,
        {
          type: "text_link",
          offset: 1,
          length: 1,
          url: "https://example.org",
          userId: 9,
          language: "de",
          customEmojiId: "e",
        },
      ],
      replyTo: 3,
      forward: { chatId: 6, seq: 7, senderId: 8 },
      attachments: [attachment, { ...attachment, name: "n.png", size: 12, mime: "image/png" }],
    },
  },
  { says: "a poll", frame: { ...send, kind: "poll", poll } },
  { says: "a poll of many answers", frame: { ...send, poll: { ...poll, multiple: true } } },
  { says: "a place", frame: { ...send, kind: "location", location: { ...location, accuracyM: 12.5 } } },
  { says: "the middle of the map", frame: { ...send, location: { latitude: 0, longitude: 0 } } },
  {
    says: "a contact",
    frame: { ...send, kind: "contact", contact: { ...contact, lastName: "L", userId: 9 } },
  },
  {
    says: "a keyboard",
    frame: {
      ...send,
      keyboard: {
        rows: [
          {
            buttons: [
              { text: "Yes", data: "y:1" },
              { text: "Site", url: "https://a.b" },
            ],
          },
        ],
      },
    },
  },
  {
    says: "a keyboard in place of one's own",
    frame: {
      ...send,
      keyboard: { rows: [{ buttons: [{ text: "Me", request: "contact" }] }], place: "reply" },
    },
  },
  { says: "ciphertext", frame: { ...send, kind: "e2ee", body: "AAECAw==" } },
  { says: "an edit", frame: edit },
  { says: "an edit with entities", frame: { ...edit, entities: [entity] } },
  { says: "a deletion", frame: { type: "DeleteMessage", ...aimed } },
  { says: "a reaction", frame: react },
  { says: "a reaction of many code points", frame: { ...react, emoji: "👩‍👩‍👧", remove: false } },
  { says: "a key cap", frame: { ...react, emoji: "1️⃣", remove: true } },
  { says: "a pin", frame: { type: "Pin", ...aimed } },
  { says: "a pin taken away", frame: { type: "Pin", ...aimed, remove: true } },
  { says: "a vote", frame: { ...vote, options: [0, 19] } },
  { says: "a vote taken back", frame: { type: "Vote", ...aimed, remove: true } },
  { says: "a button pressed", frame: { type: "Callback", ...aimed, data: "tea:green 🍵" } },
  { says: "an empty body", frame: { ...send, body: "" } },
  { says: "a body of exactly 16 KiB", frame: { ...send, body: "é".repeat(8_192) } },
  { says: "characters beyond the BMP", frame: { ...send, body: "👩‍👩‍👧 𝄞" } },
  { says: "the largest id", frame: { ...send, chatId: idMax } },
  { says: "a uuid of 64 characters", frame: { ...send, uuid: "-_aZ0123".repeat(8) } },
  { says: "a sync of nothing", frame: { type: "Sync", chats: {} } },
  {
    says: "a sync with positions by chat id",
    frame: {
      type: "Sync",
      chats: { 1: { seq: 0 }, 5: { seq: 12, rev: 0 }, [idMax]: { seq: idMax, rev: idMax } },
      userRev: 0,
    },
  },
  { says: "a sync of 500 chats", frame: { type: "Sync", chats: chats(500), userRev: 3 } },
  { says: "a fresh token", frame: { type: "Auth", token: "aaa.bbb.ccc" } },
  { says: "a chat read", frame: { type: "Read", chatId: 5, seq: 12 } },
  { says: "a chat delivered", frame: { type: "Delivered", chatId: 5, seq: 12 } },
  { says: "somebody who types", frame: { type: "Typing", chatId: 5 } },
  { says: "somebody who is away", frame: { type: "Presence", status: "away" } },
  { says: "channels to watch", frame: { type: "Watch", channels: ["chat:5", "bot:7", "presence:9", "all"] } },
  { says: "a question to a bot", frame: { type: "InlineQuery", uuid: "u-1", bot: "@rook_bot", query: "" } },
  {
    says: "a result that is chosen",
    frame: { type: "ChooseInline", uuid: "u-1", chatId: 5, queryId: 9, resultId: "a", replyTo: 3 },
  },
  { says: "a link to follow", frame: { type: "Join", uuid: "u-1", code: "AAAAAAAAAAAAAAAA" } },
  { says: "channels to watch no more", frame: { type: "Unwatch", channels: ["all"] } },
  { says: "a ping", frame: { type: "Ping" } },
  { says: "a ping with a time", frame: { type: "Ping", t: 1_700_000_000_000 } },
];

const named = { uuid: "u-1" };

export const badCases: readonly BadCase[] = [
  { says: "an unknown type", frame: { ...send, type: "Nope" }, proto: null, code: "invalid", ...named },
  { says: "an unknown number", frame: { type: "Nope" }, proto: rawFrame(99, () => {}), code: "invalid" },
  { says: "a frame of the server", frame: { type: "Draining", reconnectMs: 1 }, code: "invalid" },
  { says: "nothing read", frame: { type: "Read", chatId: 5, seq: 0 }, code: "invalid" },
  { says: "a status nobody has", frame: { type: "Presence", status: "offline" }, code: "invalid" },
  { says: "an unknown channel", frame: { type: "Watch", channels: ["user:5"] }, code: "invalid" },
  {
    says: "more channels than may be",
    frame: { type: "Watch", channels: Array.from({ length: 1_001 }, (_, at) => `chat:${at + 1}`) },
    code: "invalid",
  },
  { says: "no uuid", frame: without("uuid"), code: "invalid" },
  { says: "an empty uuid", frame: { ...send, uuid: "" }, code: "invalid" },
  { says: "a uuid of 65 characters", frame: { ...send, uuid: "a".repeat(65) }, code: "invalid" },
  { says: "a uuid with a dot, as services have", frame: { ...send, uuid: ".1" }, code: "invalid" },
  { says: "a uuid with a line end", frame: { ...send, uuid: "u-1\n" }, code: "invalid" },
  { says: "no chat", frame: without("chatId"), code: "invalid", ...named },
  { says: "chat 0", frame: { ...send, chatId: 0 }, code: "invalid", ...named },
  { says: "a chat below 0", frame: { ...send, chatId: -5 }, code: "invalid", ...named },
  { says: "a chat beyond 2^53", frame: { ...send, chatId: 2 ** 53 }, code: "invalid", ...named },
  { says: "half a chat", frame: { ...send, chatId: 5.5 }, proto: null, code: "invalid", ...named },
  {
    says: "a chat in words",
    frame: { ...send, chatId: "5" },
    proto: rawFrame(clientFrames.SendMessage.number, (writer) =>
      writer.uint32(10).string("u-1").uint32(18).string("5").uint32(26).string("hi"),
    ),
    code: "invalid",
    ...named,
  },
  // Absent text is empty text in protobuf.
  { says: "no body", frame: without("body"), proto: null, code: "invalid", ...named },
  { says: "a number for a body", frame: { ...send, body: 5 }, proto: null, code: "invalid", ...named },
  {
    says: "a number for a uuid",
    frame: { ...send, uuid: 5 },
    proto: rawFrame(clientFrames.SendMessage.number, (writer) => writer.uint32(8).int32(5)),
    code: "invalid",
  },
  {
    says: "a body of 16 KiB and a byte",
    frame: { ...send, body: "x".repeat(16_385) },
    code: "too_large",
    ...named,
  },
  {
    says: "a body whose bytes, not characters, are too many",
    frame: { ...send, body: "€".repeat(5_462) },
    code: "too_large",
    ...named,
  },
  { says: "U+0000 in a body", frame: { ...send, body: "a\0b" }, code: "invalid", ...named },
  { says: "half a character", frame: { ...send, body: "\ud800" }, proto: null, code: "invalid", ...named },
  { says: "a kind only chats make", frame: { ...send, kind: "service" }, code: "invalid", ...named },
  { says: "a kind in capitals", frame: { ...send, kind: "Photo" }, code: "invalid", ...named },
  { says: "a reply to nothing", frame: { ...send, replyTo: 0 }, code: "invalid", ...named },
  { says: "half a forward", frame: { ...send, forward: { chatId: 5, seq: 1 } }, code: "invalid", ...named },
  {
    says: "101 entities",
    frame: { ...send, entities: Array.from({ length: 101 }, () => entity) },
    code: "invalid",
    ...named,
  },
  {
    says: "an entity before the body",
    frame: { ...send, entities: [{ ...entity, offset: -1 }] },
    code: "invalid",
    ...named,
  },
  { says: "an object for a list", frame: { ...send, entities: {} }, proto: null, code: "invalid", ...named },
  {
    says: "11 attachments",
    frame: { ...send, attachments: Array.from({ length: 11 }, () => attachment) },
    code: "invalid",
    ...named,
  },
  {
    says: "half a place",
    frame: { ...send, location: { latitude: 91, longitude: 0 } },
    code: "invalid",
    ...named,
  },
  {
    says: "a place in words",
    frame: { ...send, location: { latitude: "1", longitude: 0 } },
    proto: null,
    code: "invalid",
    ...named,
  },
  {
    says: "a place that is no number",
    frame: { ...send, location: { latitude: 0, longitude: Number.NaN } },
    code: "invalid",
    ...named,
  },
  { says: "a poll of one", frame: { ...send, poll: { ...poll, options: ["a"] } }, code: "invalid", ...named },
  {
    says: "a poll of 21",
    frame: { ...send, poll: { ...poll, options: Array.from({ length: 21 }, String) } },
    code: "invalid",
    ...named,
  },
  {
    says: "a poll of nothing",
    frame: { ...send, poll: { ...poll, question: " " } },
    code: "invalid",
    ...named,
  },
  {
    says: "a press that says more than Telegram takes",
    frame: { ...send, keyboard: { rows: [{ buttons: [{ text: "a", data: "x".repeat(65) }] }] } },
    code: "invalid",
    ...named,
  },
  { says: "a nameless contact", frame: { ...send, contact: { phone: "1" } }, code: "invalid", ...named },
  { says: "an edit of nothing", frame: { ...edit, seq: 0 }, code: "invalid", ...named },
  {
    says: "an edit too large",
    frame: { ...edit, body: "x".repeat(16_385) },
    code: "too_large",
    ...named,
  },
  { says: "an edit without a body", frame: bare(edit, "body"), proto: null, code: "invalid", ...named },
  { says: "a deletion of no message", frame: bare(edit, "seq", "DeleteMessage"), code: "invalid", ...named },
  { says: "a reaction in no chat", frame: bare(react, "chatId"), code: "invalid", ...named },
  { says: "a reaction of nothing", frame: { ...react, emoji: "" }, code: "invalid", ...named },
  { says: "a reaction in words", frame: { ...react, emoji: "__proto__" }, code: "invalid", ...named },
  {
    says: "a reaction of 33 bytes",
    frame: { ...react, emoji: `${"👍".repeat(8)}1` },
    code: "invalid",
    ...named,
  },
  {
    says: "a half removed reaction",
    frame: { ...react, remove: "no" },
    proto: null,
    code: "invalid",
    ...named,
  },
  {
    says: "a pin in words",
    frame: { type: "Pin", ...aimed, seq: "3" },
    proto: null,
    code: "invalid",
    ...named,
  },
  { says: "a vote for option -1", frame: { ...vote, options: [-1] }, code: "invalid", ...named },
  { says: "a vote for option 20", frame: { ...vote, options: [20] }, code: "invalid", ...named },
  {
    says: "21 votes",
    frame: { ...vote, options: Array.from({ length: 21 }, () => 1) },
    code: "invalid",
    ...named,
  },
  { says: "a vote without a name", frame: bare(vote, "uuid"), code: "invalid" },
  { says: "a sync of no chats", frame: { type: "Sync" }, proto: null, code: "invalid" },
  {
    says: "a sync of 501 chats",
    frame: { type: "Sync", chats: chats(501) },
    code: "invalid",
  },
  { says: "a sync of chat 0", frame: { type: "Sync", chats: { 0: { seq: 1 } } }, code: "invalid" },
  {
    says: "a sync of a chat that is no number",
    frame: { type: "Sync", chats: { ["__proto__"]: { seq: 1 } } },
    proto: null,
    code: "invalid",
  },
  { says: "a list for a map", frame: { type: "Sync", chats: [{ seq: 1 }] }, proto: null, code: "invalid" },
  { says: "a sync from below 0", frame: { type: "Sync", chats: { 5: { seq: -1 } } }, code: "invalid" },
  { says: "a token of 4 KiB and a byte", frame: { type: "Auth", token: "t".repeat(4_097) }, code: "invalid" },
  { says: "a ping from before time", frame: { type: "Ping", t: -1 }, code: "invalid" },
];

function without(name: "uuid" | "chatId" | "body"): SentFrame {
  return bare(send, name);
}

function bare(frame: SentFrame, name: string, type = frame.type): SentFrame {
  return { ...Object.fromEntries(Object.entries(frame).filter(([key]) => key !== name)), type };
}

function chats(count: number): Record<number, { seq: number }> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [index + 1, { seq: index }]));
}
