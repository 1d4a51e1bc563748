/** The small values frames are made of. */
import { limits } from "./limit.ts";
import { integer, text } from "./schema.ts";

export const id = integer({ min: 1 });
/** A position: 0 stands before the first. */
export const position = integer({ min: 0 });
export const timeMs = integer({ min: 0 });
/** Chosen by the client; the name of a command for ever (L3). */
export const uuid = text({ bytesMax: 64, pattern: /^[A-Za-z0-9_-]{1,64}$/ });
export const word = text({ bytesMax: 64 });
export const title = text({ bytesMax: limits.titleBytesMax });
export const body = text({ bytesMax: limits.bodyBytesMax, code: "too_large" });
/** What a person may send; `service` messages are made by chats themselves. */
export const kind = text({ bytesMax: 32, pattern: /^(?!service$)[a-z][a-z0-9_]{0,31}$/ });
/** No emoji has a Latin letter, a space or a low line, so no emoji is the name of something every object has. */
export const emojiPattern = /^[^\p{Cc}\s_A-Za-z]+$/u;
export const emoji = text({ bytesMax: limits.emojiBytesMax, pattern: emojiPattern });
