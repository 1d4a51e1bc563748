/** The file of a send: brought with the call, known already, or behind a URL. */
import { type Attachment, type BotExtra, Fault, type UserId } from "@rookery/protocol";
import { attachmentOf } from "../file/files.ts";
import { ApiRefusal, badRequest } from "./api-refusal.ts";
import type { BotApiContext } from "./context.ts";
import { fetchedBytesMax } from "./fetch-file.ts";
import type { Call } from "./method.ts";
import type { Fields } from "./parameter.ts";

export type MediaKind =
  | "photo"
  | "document"
  | "video"
  | "audio"
  | "voice"
  | "animation"
  | "sticker"
  | "video_note";

const photoBytesMax = 10 * 1_048_576;
const fileBytesMax = 50 * 1_048_576;
const mediaFields = ["width", "height", "duration", "length", "title", "performer", "emoji"] as const;

export interface Media {
  readonly attachment: Attachment;
  readonly extra: BotExtra;
}

/**
 * Keeps what was brought. `said` is the field's text: empty where the file itself is the field, `attach://name`, a URL, or the
 * name of a file the bot knows.
 * @throws ApiRefusal in Telegram's words
 */
export async function takeMedia(
  call: Call,
  kind: MediaKind,
  said: string | undefined,
  item?: Fields,
): Promise<Media> {
  const file = await takeFile(call, kind, said?.trim() ?? "");
  const media: Record<string, string | number> = {};
  if (file.width !== null && file.height !== null) {
    media["width"] = file.width;
    media["height"] = file.height;
  }
  for (const field of mediaFields) {
    const value = item === undefined ? call.args.text(field) : item[field];
    const isNumber = field !== "title" && field !== "performer" && field !== "emoji";
    if ((typeof value !== "string" && typeof value !== "number") || value === "") continue;
    const number = Math.trunc(Number(value));
    if (!isNumber) media[field] = String(value).slice(0, 256);
    else if (Number.isFinite(number) && number >= 0) media[field] = number;
  }
  const extra: BotExtra = Object.keys(media).length === 0 ? {} : { media };
  return {
    attachment: attachmentOf(file, kind),
    extra: item?.["has_spoiler"] === true ? { ...extra, hasSpoiler: true } : extra,
  };
}

async function takeFile(call: Call, kind: MediaKind, said: string) {
  const { context, bot, args } = call;
  const { files, fetchFile } = context;
  const bytesMax = kind === "photo" ? photoBytesMax : fileBytesMax;
  const name = said.startsWith("attach://") ? said.slice("attach://".length) : kind;
  const upload = said === "" || said.startsWith("attach://") ? args.upload(name) : undefined;
  if (upload !== undefined) {
    if (upload.size > bytesMax) throw new ApiRefusal(413, "");
    if (upload.size === 0) throw badRequest("file must be non-empty");
    // A call that has a name keeps its file once, however often it is repeated.
    const key = call.key === undefined ? undefined : `${call.key}:${name}`;
    const kept = await files.keep(upload, { ownerId: bot.id, name: upload.name, key });
    return checked(kind, kept);
  }
  if (said === "" || said.startsWith("attach://")) throw badRequest(`there is no ${kind} in the request`);
  if (/^https?:\/\//i.test(said)) return await fetchFrom({ files, fetchFile }, said, kind, bot.id);
  const fileId = files.names.fileOf(bot.id, said);
  const known = fileId === null ? null : await files.read(fileId);
  if (known === null) {
    throw badRequest("wrong remote file identifier specified: can't unserialize it. Wrong last symbol");
  }
  return known;
}

type Sources = Pick<BotApiContext, "files" | "fetchFile">;

async function fetchFrom({ files, fetchFile }: Sources, url: string, kind: MediaKind, ownerId: UserId) {
  const bytesMax = kind === "photo" ? photoBytesMax : fetchedBytesMax;
  const { source, name } = await fetchFile.fetch(url);
  let bytes = 0;
  source.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) source.destroy(new Error("too big"));
  });
  const incoming = await files.contents.receive(source).catch(() => {
    throw badRequest("failed to get HTTP URL content");
  });
  return checked(kind, await files.keep(incoming, { ownerId, name }));
}

/** Files behind URLs that bots named, for whoever sends them. */
export interface FetchedFiles {
  /** @throws Fault `invalid` in Telegram's words */
  keep(url: string, kind: string, ownerId: UserId): Promise<Media>;
}

export function openFetchedFiles(sources: Sources): FetchedFiles {
  return {
    async keep(url, kind, ownerId) {
      try {
        const file = await fetchFrom(sources, url, kind as MediaKind, ownerId);
        const sides =
          file.width !== null && file.height !== null ? { width: file.width, height: file.height } : null;
        return { attachment: attachmentOf(file, kind), extra: sides === null ? {} : { media: sides } };
      } catch (error) {
        throw error instanceof ApiRefusal ? new Fault("invalid", error.message) : error;
      }
    },
  };
}

/** A photo is a picture, whatever it is called. */
function checked<F extends { readonly mime: string }>(kind: MediaKind, file: F): F {
  if (kind === "photo" && !/^image\/(png|jpeg|gif|webp)$/.test(file.mime))
    throw badRequest("IMAGE_PROCESS_FAILED");
  return file;
}
