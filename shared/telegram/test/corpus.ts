/** Messages as Telegram sends them, shortened, beside what they mean to us. `expect` is compared in part. */
export interface CorpusEntry {
  readonly name: string;
  readonly message: object;
  readonly expect: object;
}

const base = {
  message_id: 42,
  date: 1_790_000_000,
  chat: { id: -100_123, type: "supergroup", title: "The nest" },
  from: { id: 77, is_bot: false, first_name: "Ivo" },
};
const file = { file_id: "F1", file_unique_id: "U1", file_size: 10 };

export const corpus: readonly CorpusEntry[] = [
  {
    name: "text with entities",
    message: {
      ...base,
      text: "see 🦅 here",
      entities: [
        { type: "bold", offset: 0, length: 3 },
        { type: "text_link", offset: 4, length: 2, url: "https://example.org" },
        { type: "custom_emoji", offset: 4, length: 2, custom_emoji_id: "55" },
        { type: "pre", offset: 7, length: 4, language: "ts" },
        { type: "text_mention", offset: 0, length: 3, user: { id: 9, is_bot: false, first_name: "X" } },
      ],
    },
    expect: {
      kind: "text",
      body: "see 🦅 here",
      entities: [
        { type: "bold", offset: 0, length: 3 },
        { type: "text_link", offset: 4, length: 2, url: "https://example.org" },
        { type: "custom_emoji", offset: 4, length: 2, customEmojiId: "55" },
        { type: "pre", offset: 7, length: 4, language: "ts" },
        { type: "text_mention", offset: 0, length: 3 },
      ],
      replyToMessageId: null,
      attachments: [],
      telegram: { messageId: 42, state: "received" },
    },
  },
  {
    name: "photo: the largest size, the caption with its entities",
    message: {
      ...base,
      caption: "a rook",
      caption_entities: [{ type: "italic", offset: 2, length: 4 }],
      photo: [
        { ...file, file_id: "small", width: 90, height: 60 },
        { ...file, file_id: "large", width: 900, height: 600, file_size: 99 },
        { ...file, file_id: "middle", width: 320, height: 200 },
      ],
    },
    expect: {
      kind: "photo",
      body: "a rook",
      entities: [{ type: "italic", offset: 2, length: 4 }],
      attachments: [{ fileId: "large", kind: "photo", size: 99 }],
    },
  },
  {
    name: "document with name and type",
    message: { ...base, document: { ...file, file_name: "a.pdf", mime_type: "application/pdf" } },
    expect: {
      kind: "document",
      body: "",
      attachments: [{ fileId: "F1", kind: "document", name: "a.pdf", size: 10, mime: "application/pdf" }],
    },
  },
  {
    name: "an animation, which carries a document too",
    message: { ...base, animation: file, document: file },
    expect: { kind: "animation", attachments: [{ fileId: "F1", kind: "animation", size: 10 }] },
  },
  { name: "video", message: { ...base, video: file }, expect: { kind: "video" } },
  { name: "audio", message: { ...base, audio: file }, expect: { kind: "audio" } },
  { name: "voice", message: { ...base, voice: file }, expect: { kind: "voice" } },
  { name: "video note", message: { ...base, video_note: file }, expect: { kind: "video_note" } },
  { name: "sticker", message: { ...base, sticker: { ...file, emoji: "🦅" } }, expect: { kind: "sticker" } },
  {
    name: "contact",
    message: { ...base, contact: { phone_number: "+1", first_name: "Ann", user_id: 5 } },
    expect: { kind: "contact", contact: { phone: "+1", firstName: "Ann" } },
  },
  {
    name: "a contact that is nobody's",
    message: { ...base, contact: { phone_number: "1" } },
    expect: { kind: "other", body: "contact: 1", contact: null },
  },
  {
    name: "a venue, which carries a location too",
    message: {
      ...base,
      venue: { title: "Tower", address: "1 Lane" },
      location: { latitude: 1, longitude: 2 },
    },
    expect: { kind: "location", body: "Tower\n1 Lane", location: { latitude: 1, longitude: 2 } },
  },
  {
    name: "location",
    message: { ...base, location: { latitude: 1.5, longitude: 2, horizontal_accuracy: 7 } },
    expect: { kind: "location", body: "", location: { latitude: 1.5, longitude: 2, accuracyM: 7 } },
  },
  {
    name: "a location that is nowhere",
    message: { ...base, location: {} },
    expect: { kind: "other", body: "location", location: null },
  },
  {
    name: "poll",
    message: { ...base, poll: { id: "1", question: "Tea?", options: [{ text: "yes" }, { text: "no" }] } },
    expect: { kind: "poll", poll: { question: "Tea?", options: ["yes", "no"], multiple: false } },
  },
  {
    name: "a poll with one choice",
    message: { ...base, poll: { id: "1", question: "Tea?", options: [{ text: "yes" }] } },
    expect: { kind: "other", body: "poll: Tea?", poll: null },
  },
  {
    name: "dice",
    message: { ...base, dice: { emoji: "🎲", value: 3 } },
    expect: { kind: "dice", body: "🎲 3" },
  },
  {
    name: "checklist",
    message: { ...base, checklist: { title: "Buy", tasks: [{ id: 1, text: "tea" }] } },
    expect: { kind: "checklist", body: "Buy\n☐ tea" },
  },
  { name: "story", message: { ...base, story: {} }, expect: { kind: "story" } },
  {
    name: "an answer, by Telegram's id of what it answers",
    message: { ...base, text: "yes", reply_to_message: { ...base, message_id: 41, text: "tea?" } },
    expect: { kind: "text", replyToMessageId: 41 },
  },
  {
    name: "somebody joined: a service message",
    message: { ...base, new_chat_members: [{ id: 5, is_bot: false, first_name: "N", last_name: "M" }] },
    expect: { kind: "service", body: "joined: N M", attachments: [] },
  },
  {
    name: "pinned: a service message",
    message: { ...base, pinned_message: base },
    expect: { kind: "service", body: "a message was pinned" },
  },
  {
    name: "something of next year",
    message: { ...base, hologram_shown: { file_id: "H" } },
    expect: { kind: "service", body: "hologram shown" },
  },
  {
    name: "parts that are not as documented are left out, the message stays",
    message: {
      ...base,
      text: "still here",
      entities: [{ type: "bold", offset: -1, length: 2 }, 7, { type: "code", offset: 0, length: 5 }],
      photo: "none",
      document: { file_id: 5 },
      from: "nobody",
      sender_chat: null,
    },
    expect: {
      kind: "text",
      body: "still here",
      entities: [{ type: "code", offset: 0, length: 5 }],
      attachments: [],
    },
  },
  {
    name: "entities beyond the text are left out",
    message: { ...base, text: "abc", entities: [{ type: "bold", offset: 2, length: 2 }] },
    expect: { entities: [] },
  },
  {
    name: "a channel post without a sender",
    message: { message_id: 1, date: 1, chat: { id: -100_5, type: "channel", title: "News" }, text: "post" },
    expect: { kind: "text", body: "post" },
  },
];
