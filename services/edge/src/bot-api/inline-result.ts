/** What a bot offers in answer to an inline query, read from Telegram's words. Pure but for the files a bot names. */
import type { Attachment, BotExtra, InlineMessage, InlineResult, Keyboard } from "@rookery/protocol";
import { inlineResultsMax } from "@rookery/protocol";
import { type ApiRefusal, badRequest } from "./api-refusal.ts";
import { parseJson } from "./arguments.ts";
import { captionMax, formatted, textMax } from "./content.ts";
import { markupOf } from "./markup.ts";
import { type Fields, isFields, wordOf } from "./parameter.ts";
import type { MediaKind } from "./take-media.ts";

/** By the type of a result: the kind of its message, and what its file is called. */
const files: Readonly<Record<string, { readonly kind: MediaKind; readonly name: string }>> = {
  photo: { kind: "photo", name: "photo" },
  gif: { kind: "animation", name: "gif" },
  mpeg4_gif: { kind: "animation", name: "mpeg4" },
  video: { kind: "video", name: "video" },
  audio: { kind: "audio", name: "audio" },
  voice: { kind: "voice", name: "voice" },
  document: { kind: "document", name: "document" },
  sticker: { kind: "sticker", name: "sticker" },
};
const titleCharsMax = 256;
const descriptionCharsMax = 512;
const urlCharsMax = 2_048;

/** The file that a bot calls so. */
export type FileOf = (name: string, kind: MediaKind) => Promise<Attachment>;

/** @throws ApiRefusal in Telegram's words */
export async function readResults(said: unknown, fileOf: FileOf): Promise<readonly InlineResult[]> {
  if (!Array.isArray(said)) throw badRequest("expected an Array of inline query results");
  if (said.length > inlineResultsMax) throw badRequest("too many inline query results specified");
  const results = await Promise.all(said.map((each) => readResult(each, fileOf)));
  if (new Set(results.map(({ id }) => id)).size < results.length) throw badRequest("RESULT_ID_DUPLICATE");
  return results;
}

function unread(words: string): ApiRefusal {
  return badRequest(`can't parse inline query result: ${words}`);
}

async function readResult(said: unknown, fileOf: FileOf): Promise<InlineResult> {
  if (!isFields(said)) throw unread("Inline query result must be an object");
  const type = wordOf(said, "type").toLowerCase();
  const id = wordOf(said, "id");
  if (id === "") throw badRequest("RESULT_ID_EMPTY");
  if (Buffer.byteLength(id) > 64) throw badRequest("RESULT_ID_INVALID");
  const title = wordOf(said, "title").slice(0, titleCharsMax);
  const description = wordOf(said, "description").slice(0, descriptionCharsMax);
  const [url, thumbnailUrl] = [linkIn(said, "url"), linkIn(said, "thumbnail_url")];
  const message = await messageOf(said, type, fileOf);
  return {
    id,
    type,
    ...(title === "" ? {} : { title }),
    ...(description === "" ? {} : { description }),
    ...(url === "" ? {} : { url }),
    ...(thumbnailUrl === "" ? {} : { thumbnailUrl }),
    message,
  };
}

function linkIn(said: Fields, name: string): string {
  const url = wordOf(said, name);
  return url.length <= urlCharsMax && /^https?:\/\//i.test(url) && URL.canParse(url) ? url : "";
}

async function messageOf(said: Fields, type: string, fileOf: FileOf): Promise<InlineMessage> {
  const keyboard = keyboardOf(said["reply_markup"]);
  const file = files[type];
  const content = said["input_message_content"];
  if (file === undefined && !/^(article|location|venue|contact)$/.test(type)) {
    throw unread(`type "${type}" is unsupported for the inline query result`);
  }
  if (type === "article" && wordOf(said, "title") === "") throw badRequest("ARTICLE_TITLE_EMPTY");
  if (isFields(content)) return { ...contentOf(content), ...keyboard };
  if (type === "article") throw unread('Field "input_message_content" must be an Object');
  if (file === undefined) return { ...contentOf(said), ...keyboard };
  const words = formatted(wordOf(said, "caption"), {
    parseMode: typeof said["parse_mode"] === "string" ? said["parse_mode"] : undefined,
    entities: said["caption_entities"],
  });
  if (words.text.length > captionMax) throw badRequest("MEDIA_CAPTION_TOO_LONG");
  const texts = { messageKind: file.kind, body: words.text, entities: words.entities, ...keyboard };
  const fileId = wordOf(said, `${file.name}_file_id`);
  if (fileId !== "") return { ...texts, attachment: await fileOf(fileId, file.kind) };
  const url = linkIn(said, `${file.name}_url`);
  if (url === "") throw badRequest("WEBDOCUMENT_URL_INVALID");
  return { ...texts, url };
}

/** What is said in a result's place, or by a result that is nothing else. */
function contentOf(said: Fields): InlineMessage {
  const text = said["message_text"];
  if (typeof text === "string") {
    const words = formatted(text, {
      parseMode: typeof said["parse_mode"] === "string" ? said["parse_mode"] : undefined,
      entities: said["entities"],
    });
    if (words.text === "") throw badRequest("MESSAGE_EMPTY");
    if (words.text.length > textMax) throw badRequest("MESSAGE_TOO_LONG");
    return { messageKind: "text", body: words.text, entities: words.entities };
  }
  const phone = wordOf(said, "phone_number");
  if (phone !== "") {
    const [firstName, lastName] = [wordOf(said, "first_name"), wordOf(said, "last_name")];
    if (firstName === "") throw badRequest("first name is empty");
    const last = lastName === "" ? {} : { lastName };
    return { messageKind: "contact", body: "", contact: { phone, firstName, ...last } };
  }
  const [latitude, longitude] = [Number(said["latitude"]), Number(said["longitude"])];
  if (Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180) {
    const [title, address] = [wordOf(said, "title"), wordOf(said, "address")];
    const location = { latitude, longitude };
    if (address === "") return { messageKind: "location", body: "", location };
    const extra: BotExtra = { venue: { title, address } };
    return { messageKind: "location", body: `${title}\n${address}`, location, extra };
  }
  throw badRequest("invalid inline message content specified");
}

function keyboardOf(said: unknown): { readonly keyboard?: Keyboard } {
  // JSON within JSON is how some frameworks say it.
  const value = typeof said === "string" ? parseJson(said) : said;
  const keyboard = markupOf(value);
  return keyboard?.place === "inline" ? { keyboard } : {};
}
