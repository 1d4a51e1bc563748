/** What a message may hold beside its text. */
import { limits } from "./limit.ts";
import { id, position, word } from "./scalar.ts";
import { choice, decimal, flag, list, object, optional, required, text } from "./schema.ts";

/** A span of the body; offset and length count UTF-16 units, as Telegram's do. */
const entity = object("Entity", {
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

/** Something can be read in it. */
const visible = /\S/;
const question = text({ bytesMax: limits.pollQuestionBytesMax, pattern: visible });
const answer = text({ bytesMax: limits.pollOptionBytesMax, pattern: visible });

/** A poll as it is asked. */
export const pollDraft = object("PollDraft", {
  question: required(1, question),
  options: required(2, list(answer, { min: 2, max: limits.pollOptionsMax })),
  /** A member may choose more than one option. */
  multiple: optional(3, flag),
});

const pollOption = object("PollOption", {
  text: required(1, answer),
  /** Who chose it, in order of their votes. */
  userIds: required(2, list(id, { max: limits.votesMax })),
});

/** A poll as it stands. */
export const poll = object("Poll", {
  question: required(1, question),
  options: required(2, list(pollOption, { max: limits.pollOptionsMax })),
  multiple: required(3, flag),
  /** It takes no more votes. */
  closed: optional(4, flag),
});

/** Degrees as WGS 84 has them. */
export const location = object("Location", {
  latitude: required(1, decimal({ min: -90, max: 90 })),
  longitude: required(2, decimal({ min: -180, max: 180 })),
  accuracyM: optional(3, decimal({ min: 0, max: 1_500 })),
});

const name = text({ bytesMax: 256 });
export const contact = object("Contact", {
  phone: required(1, text({ bytesMax: 64, pattern: visible })),
  firstName: required(2, text({ bytesMax: 256, pattern: visible })),
  lastName: optional(3, name),
  /** Where the person has an account here. */
  userId: optional(4, id),
});

export const callbackData = text({ bytesMax: 64, pattern: /^[^]+$/ });

const button = object("Button", {
  text: required(1, text({ bytesMax: 256, pattern: visible })),
  /** What a press tells the bot; Telegram takes 64 bytes. */
  data: optional(2, callbackData),
  url: optional(3, text({ bytesMax: 2_048 })),
  /** On a reply keyboard: a press sends one's phone number or place. */
  request: optional(4, choice("contact", "location")),
  /** A press puts this on the clipboard. */
  copy: optional(5, text({ bytesMax: 1_024, pattern: visible })),
  /** A press begins to ask the bot in inline mode, with `query` or nothing yet: in this chat, or in one that is chosen then. */
  inline: optional(6, choice("here", "elsewhere")),
  query: optional(7, text({ bytesMax: 1_024 })),
});

/** Buttons under a message (`inline`, the default), or in place of a person's keyboard (`reply`) until it is `removed`. */
export const keyboard = object("Keyboard", {
  rows: required(
    1,
    list(
      object("KeyboardRow", { buttons: required(1, list(button, { min: 1, max: limits.buttonsInRowMax })) }),
      {
        max: limits.keyboardRowsMax,
      },
    ),
  ),
  place: optional(2, choice("inline", "reply", "removed")),
});
