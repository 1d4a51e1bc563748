/** One good frame of every type a client may send (CONTRACT §3): what bad ones are made from. */
import type { ClientFrame } from "@rookery/kit";

type Values = Readonly<Record<string, unknown>>;

export interface Sample {
  readonly type: string;
  readonly required: Values;
  readonly optional: Values;
}

/** Where the frames go: a chat of the sender's, a message of theirs in it, and a poll. */
export interface Place {
  readonly chatId: number;
  readonly seq: number;
  readonly pollSeq: number;
  readonly token: string;
}

export function makeSamples({ chatId, seq, pollSeq, token }: Place): readonly Sample[] {
  const aimed = { uuid: "bad", chatId, seq };
  const entities = [{ type: "bold", offset: 0, length: 1, url: "u", userId: 1, language: "l" }];
  return [
    {
      type: "SendMessage",
      required: { uuid: "bad", chatId, body: "x" },
      optional: {
        kind: "text",
        entities,
        replyTo: 1,
        forward: { chatId, seq, senderId: 1 },
        attachments: [{ fileId: "f", kind: "photo", name: "n", size: 5, mime: "m" }],
      },
    },
    {
      type: "SendMessage",
      required: { uuid: "bad", chatId, body: "" },
      optional: { poll: { question: "?", options: ["a", "b"], multiple: true } },
    },
    {
      type: "SendMessage",
      required: { uuid: "bad", chatId, body: "" },
      optional: { location: { latitude: 1.5, longitude: -2.5, accuracyM: 3.5 } },
    },
    {
      type: "SendMessage",
      required: { uuid: "bad", chatId, body: "" },
      optional: { contact: { phone: "1", firstName: "f", lastName: "l", userId: 1 } },
    },
    { type: "EditMessage", required: { ...aimed, body: "y" }, optional: { entities } },
    { type: "React", required: { ...aimed, emoji: "👍" }, optional: { remove: true } },
    { type: "Pin", required: aimed, optional: { remove: true } },
    { type: "Vote", required: { ...aimed, seq: pollSeq }, optional: { options: [0] } },
    // Last of those about the message.
    { type: "DeleteMessage", required: aimed, optional: {} },
    { type: "Read", required: { chatId, seq }, optional: {} },
    { type: "Delivered", required: { chatId, seq }, optional: {} },
    { type: "Typing", required: { chatId }, optional: {} },
    { type: "Presence", required: { status: "online" }, optional: {} },
    { type: "Sync", required: { chats: { [chatId]: { seq: 1, rev: 1 } } }, optional: { userRev: 1 } },
    { type: "Watch", required: { channels: [`chat:${chatId}`] }, optional: {} },
    { type: "Unwatch", required: { channels: [`chat:${chatId}`] }, optional: {} },
    { type: "Auth", required: { token }, optional: {} },
    { type: "Ping", required: {}, optional: { t: 5 } },
  ];
}

export function frameOf({ type, required, optional }: Sample): ClientFrame {
  return { type, ...required, ...optional };
}
