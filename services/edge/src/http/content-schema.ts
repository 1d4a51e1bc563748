/** What messages may be made of by REST: the same as by sockets, each wrong field named. */
import { z } from "@hono/zod-openapi";
import { limits } from "@rookery/protocol";
import { id, position, text, uuid } from "./validation.ts";

const word = text({ bytesMin: 1, bytesMax: 64 });
const body = text({ bytesMax: limits.bodyBytesMax, code: "too_large" });
/** Something can be read in it. */
const visible = (bytesMax: number) => text({ bytesMax }).regex(/\S/, "must not be empty");

const entities = z
  .array(
    z.object({
      type: word,
      offset: position,
      length: position,
      url: text({ bytesMax: 2_048 }).exactOptional(),
      userId: id.exactOptional(),
      language: word.exactOptional(),
      customEmojiId: word.exactOptional(),
    }),
  )
  .max(limits.entitiesMax);

const attachments = z
  .array(
    z.object({
      fileId: text({ bytesMin: 1, bytesMax: 512 }),
      kind: word,
      name: text({ bytesMax: 512 }).exactOptional(),
      size: position.exactOptional(),
      mime: text({ bytesMax: 256 }).exactOptional(),
    }),
  )
  .max(limits.attachmentsMax);

const poll = z.object({
  question: visible(limits.pollQuestionBytesMax),
  options: z.array(visible(limits.pollOptionBytesMax)).min(2).max(limits.pollOptionsMax),
  multiple: z.boolean().exactOptional(),
});

const location = z.object({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  accuracyM: z.number().min(0).max(1_500).exactOptional(),
});

const contact = z.object({
  phone: visible(64),
  firstName: visible(256),
  lastName: text({ bytesMax: 256 }).exactOptional(),
  userId: id.exactOptional(),
});

/** A message that is sent. */
export const draftSchema = z.object({
  uuid: uuid.optional(),
  body,
  kind: z
    .string()
    .regex(/^(?!service$)[a-z][a-z0-9_]{0,31}$/, "must be a kind of message people may send")
    .exactOptional(),
  entities: entities.exactOptional(),
  replyTo: id.nullish(),
  forward: z.object({ chatId: id, seq: id, senderId: id }).nullish(),
  attachments: attachments.exactOptional(),
  poll: poll.exactOptional(),
  location: location.exactOptional(),
  contact: contact.exactOptional(),
});

/** A message that is written anew. */
export const editSchema = z.object({ body, entities: entities.exactOptional() });
