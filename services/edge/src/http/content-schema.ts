/** What messages may be made of by REST: the same as by sockets, each wrong field named. */
import { z } from "@hono/zod-openapi";
import { limits } from "@rookery/protocol";
import type { Content } from "../command/send-command.ts";
import { id, omittable, position, text, uuid } from "./validation.ts";

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
      url: omittable(text({ bytesMax: 2_048 })),
      userId: omittable(id),
      language: omittable(word),
      customEmojiId: omittable(word),
    }),
  )
  .max(limits.entitiesMax);

const attachments = z
  .array(
    z.object({
      fileId: text({ bytesMin: 1, bytesMax: 512 }),
      kind: word,
      name: omittable(text({ bytesMax: 512 })),
      size: omittable(position),
      mime: omittable(text({ bytesMax: 256 })),
    }),
  )
  .max(limits.attachmentsMax);

const poll = z.object({
  question: visible(limits.pollQuestionBytesMax),
  options: z.array(visible(limits.pollOptionBytesMax)).min(2).max(limits.pollOptionsMax),
  multiple: omittable(z.boolean()),
});

const location = z.object({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  accuracyM: omittable(z.number().min(0).max(1_500)),
});

const contact = z.object({
  phone: visible(64),
  firstName: visible(256),
  lastName: omittable(text({ bytesMax: 256 })),
  userId: omittable(id),
});

const keyboard = z.object({
  rows: z
    .array(
      z.object({
        buttons: z
          .array(
            z.object({
              text: visible(256),
              data: omittable(text({ bytesMin: 1, bytesMax: 64 })),
              url: omittable(text({ bytesMax: 2_048 })),
              request: omittable(z.enum(["contact", "location"])),
              copy: omittable(visible(1_024)),
              inline: omittable(z.enum(["here", "elsewhere"])),
              query: omittable(text({ bytesMax: 1_024 })),
            }),
          )
          .min(1)
          .max(limits.buttonsInRowMax),
      }),
    )
    .max(limits.keyboardRowsMax),
  place: omittable(z.enum(["inline", "reply", "removed"])),
});

/** A message that is sent. */
export const draftSchema = z.object({
  uuid: uuid.optional(),
  body,
  kind: omittable(
    z.string().regex(/^(?!service$)[a-z][a-z0-9_]{0,31}$/, "must be a kind of message people may send"),
  ),
  entities: omittable(entities),
  replyTo: id.nullish(),
  forward: z.object({ chatId: id, seq: id, senderId: id }).nullish(),
  attachments: omittable(attachments),
  poll: omittable(poll),
  location: omittable(location),
  contact: omittable(contact),
  keyboard: omittable(keyboard),
});

/** As the command has it: what is null was not said. */
export function contentOf(draft: z.output<typeof draftSchema>): Content {
  const { uuid: _, replyTo, forward, ...content } = draft;
  return {
    ...content,
    ...(replyTo === undefined || replyTo === null ? {} : { replyTo }),
    ...(forward === undefined || forward === null ? {} : { forward }),
  };
}

/** A message that is written anew. */
export const editSchema = z.object({ body, entities: omittable(entities) });
