import { z } from "@hono/zod-openapi";
import { type Chat, faults, type Message } from "@rookery/protocol";
import { problemContentType } from "./problem.ts";

/** What answers look like, for the document. Answers are built from rows, so they are not parsed again. */
const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().openapi({ enum: Object.keys(faults) }),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi("Problem");

const timeMs = z.int().describe("Unix milliseconds");

const entitySchema = z.object({
  type: z.string(),
  offset: z.int(),
  length: z.int(),
  url: z.string().exactOptional(),
  userId: z.int().exactOptional(),
  language: z.string().exactOptional(),
  customEmojiId: z.string().exactOptional(),
});

const attachmentSchema = z.object({
  fileId: z.string(),
  kind: z.string(),
  name: z.string().exactOptional(),
  size: z.int().exactOptional(),
  mime: z.string().exactOptional(),
});

export const roleSchema = z.enum(["owner", "admin", "member", "reader"]);

/** Typed by the protocol, so that the document cannot tell of another message than the sockets'. */
export const messageSchema: z.ZodType<Message> = z
  .object({
    chatId: z.int(),
    seq: z.int(),
    rev: z.int(),
    senderId: z.int(),
    uuid: z.string(),
    kind: z.string(),
    body: z.string(),
    entities: z.array(entitySchema),
    replyTo: z.int().nullable(),
    forward: z.object({ chatId: z.int(), seq: z.int(), senderId: z.int() }).nullable(),
    attachments: z.array(attachmentSchema),
    reactions: z.record(z.string(), z.array(z.int())),
    pinned: z.boolean(),
    editedAt: timeMs.nullable(),
    deletedAt: timeMs.nullable(),
    ts: timeMs,
    source: z.enum(["ws", "rest", "grpc", "bot", "telegram", "service"]),
    telegram: z
      .object({
        messageId: z.int().exactOptional(),
        state: z.enum(["received", "queued", "sent", "failed", "unknown"]),
        error: z.string().exactOptional(),
      })
      .exactOptional(),
    service: z
      .object({
        action: z.enum(["created", "joined", "left", "removed", "role", "renamed"]),
        userIds: z.array(z.int()),
        title: z.string().exactOptional(),
        role: roleSchema.exactOptional(),
      })
      .exactOptional(),
    poll: z
      .object({
        question: z.string(),
        options: z.array(z.object({ text: z.string(), userIds: z.array(z.int()) })),
        multiple: z.boolean(),
      })
      .exactOptional(),
    location: z
      .object({ latitude: z.number(), longitude: z.number(), accuracyM: z.number().exactOptional() })
      .exactOptional(),
    contact: z
      .object({
        phone: z.string(),
        firstName: z.string(),
        lastName: z.string().exactOptional(),
        userId: z.int().exactOptional(),
      })
      .exactOptional(),
  })
  .openapi("Message");

export const chatSchema: z.ZodType<Chat> = z
  .object({
    id: z.int(),
    type: z.enum(["direct", "group", "channel", "telegram"]),
    title: z.string().nullable(),
    headSeq: z.int(),
    rev: z.int(),
    unread: z.int(),
    lastMessage: messageSchema.nullable(),
    role: roleSchema,
    createdAt: timeMs,
  })
  .openapi("Chat");

export const memberSchema = z
  .object({
    userId: z.int(),
    role: roleSchema,
    deliveredSeq: z.int(),
    readSeq: z.int(),
    joinedAt: timeMs,
  })
  .openapi("Member");

export const botSchema = z
  .object({
    id: z.int(),
    userId: z.int(),
    ownerId: z.int(),
    username: z.string(),
    displayName: z.string(),
    mode: z.enum(["webhook", "polling", "native"]),
    webhookStatus: z.enum(["pending", "set", "failed", "off"]),
    lastError: z.string().nullable(),
    createdAt: timeMs,
    webhookSecret: z.string().optional().describe("Told once, when the bot is made"),
  })
  .openapi("Bot");

export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

export function page<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const problem = {
  description: "A problem document",
  content: { [problemContentType]: { schema: problemSchema } },
};

/** Every route of a user: the token it wants, and the answer to what goes wrong. */
export const security = [{ bearer: [] }];
