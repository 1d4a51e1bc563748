import { z } from "@hono/zod-openapi";
import { type Chat, faults, type Message } from "@rookery/protocol";
import { problemContentType } from "./problem.ts";
import { omittable } from "./validation.ts";

/** What answers look like, for the document: no more than this, and the tests hold every answer against it. Answers are built from rows, so they are not parsed again. */
export const problemSchemaName = "Problem";
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
  .openapi(problemSchemaName);

export const timeMs = z.int().describe("Unix milliseconds");

const entitySchema = z.object({
  type: z.string(),
  offset: z.int(),
  length: z.int(),
  url: omittable(z.string()),
  userId: omittable(z.int()),
  language: omittable(z.string()),
  customEmojiId: omittable(z.string()),
});

const attachmentSchema = z.object({
  fileId: z.string(),
  kind: z.string(),
  name: omittable(z.string()),
  size: omittable(z.int()),
  mime: omittable(z.string()),
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
    telegram: omittable(
      z.object({
        messageId: omittable(z.int()),
        state: z.enum(["received", "queued", "sent", "failed", "unknown"]),
        error: omittable(z.string()),
      }),
    ),
    service: omittable(
      z.object({
        action: z.enum(["created", "joined", "left", "removed", "role", "renamed"]),
        userIds: z.array(z.int()),
        title: omittable(z.string()),
        role: omittable(roleSchema),
      }),
    ),
    poll: omittable(
      z.object({
        question: z.string(),
        options: z.array(z.object({ text: z.string(), userIds: z.array(z.int()) })),
        multiple: z.boolean(),
        closed: omittable(z.boolean()),
      }),
    ),
    location: omittable(
      z.object({ latitude: z.number(), longitude: z.number(), accuracyM: omittable(z.number()) }),
    ),
    contact: omittable(
      z.object({
        phone: z.string(),
        firstName: z.string(),
        lastName: omittable(z.string()),
        userId: omittable(z.int()),
      }),
    ),
    keyboard: omittable(
      z.object({
        rows: z.array(
          z.object({
            buttons: z.array(
              z.object({
                text: z.string(),
                data: omittable(z.string()),
                url: omittable(z.string()),
                request: omittable(z.enum(["contact", "location"])),
                copy: omittable(z.string()),
                inline: omittable(z.enum(["here", "elsewhere"])),
                query: omittable(z.string()),
              }),
            ),
          }),
        ),
        place: omittable(z.enum(["inline", "reply", "removed"])),
      }),
    ),
    viaBotId: omittable(z.int()),
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
    // A union: `nullable` would let the document say that messages themselves may be null.
    lastMessage: z.union([messageSchema, z.null()]),
    role: roleSchema,
    createdAt: timeMs,
    description: omittable(z.string()),
    photo: omittable(attachmentSchema),
    forbids: omittable(z.array(z.string())).describe(
      "What members may not, by the names of Telegram's permissions; absent: `change_info` and `pin_messages`",
    ),
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
    lastError: z
      .string()
      .nullable()
      .describe("Why Telegram could not be told, or what it says of its way to us"),
    lastErrorAt: timeMs.nullable(),
    pendingUpdates: z.int().describe("Updates that wait at Telegram"),
    createdAt: timeMs,
    webhookSecret: z.string().optional().describe("Told once, when the bot is made or its secret changed"),
    privacyMode: z
      .boolean()
      .optional()
      .describe("Of a native bot: in groups it is told of commands, replies to it and mentions of it alone"),
    token: z.string().optional().describe("Of a native bot; told once, when it is made or changed"),
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

/** One of these proves the caller. */
type Security = { [scheme: string]: string[] }[];
/** Either of them, on every route that is not public. */
export const security: Security = [{ bearer: [] }, { apiKey: [] }];
/** People only: no key. */
export const sessionSecurity: Security = [{ bearer: [] }];
