import { createHash, randomUUID } from "node:crypto";
import type { Json } from "./message.ts";

export interface StoredFile {
  readonly fileId: string;
  readonly uniqueId: string;
  /** Below `/file/bot<token>/`. */
  readonly path: string;
  readonly name: string;
  readonly mime: string;
  readonly bytes: Buffer;
}

/** Files of the whole world. Beyond `bytesMax` the oldest are forgotten: their ids are wrong from then on. */
export interface FileShelf {
  put(file: {
    readonly name: string;
    readonly mime: string;
    readonly bytes: Buffer;
    readonly folder: string;
  }): StoredFile;
  byId(fileId: string): StoredFile | undefined;
  byPath(path: string): StoredFile | undefined;
}

const bytesMax = 256 * 1_048_576;

export function openFileShelf(): FileShelf {
  const files = new Map<string, StoredFile>();
  const paths = new Map<string, StoredFile>();
  let bytes = 0;

  return {
    put({ name, mime, bytes: content, folder }) {
      const fileId = `AgAC${createHash("sha256").update(randomUUID()).digest("base64url")}`;
      const extension = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? "";
      const path = `${folder}/file_${files.size}${extension}`;
      const file = { fileId, uniqueId: fileId.slice(4, 20), path, name, mime, bytes: content };
      files.set(fileId, file);
      paths.set(path, file);
      bytes += content.length;
      for (const oldest of files.values()) {
        if (bytes <= bytesMax || oldest === file) break;
        files.delete(oldest.fileId);
        paths.delete(oldest.path);
        bytes -= oldest.bytes.length;
      }
      return file;
    },
    byId: (fileId) => files.get(fileId),
    byPath: (path) => paths.get(path),
  };
}

export type MediaKind =
  | "photo"
  | "document"
  | "video"
  | "audio"
  | "voice"
  | "animation"
  | "sticker"
  | "video_note";

export interface MediaFormat {
  /** The field of getFile's path, and its file's name when it has none. */
  readonly folder: string;
  readonly name: string;
  readonly mime: string;
  /** What the kind tells besides its file. */
  readonly about: Json;
}

export const mediaFormats: Readonly<Record<MediaKind, MediaFormat>> = {
  photo: { folder: "photos", name: "photo.jpg", mime: "image/jpeg", about: { width: 1280, height: 960 } },
  document: { folder: "documents", name: "file.bin", mime: "application/octet-stream", about: {} },
  video: {
    folder: "videos",
    name: "video.mp4",
    mime: "video/mp4",
    about: { width: 640, height: 480, duration: 5 },
  },
  audio: { folder: "music", name: "audio.mp3", mime: "audio/mpeg", about: { duration: 5 } },
  voice: { folder: "voice", name: "voice.oga", mime: "audio/ogg", about: { duration: 5 } },
  animation: {
    folder: "animations",
    name: "animation.mp4",
    mime: "video/mp4",
    about: { width: 320, height: 240, duration: 3 },
  },
  sticker: {
    folder: "stickers",
    name: "sticker.webp",
    mime: "image/webp",
    about: { width: 512, height: 512, type: "regular", is_animated: false, is_video: false },
  },
  video_note: {
    folder: "video_notes",
    name: "note.mp4",
    mime: "video/mp4",
    about: { length: 240, duration: 5 },
  },
};

/** The fields a message has for such a file. */
export function encodeMedia(kind: MediaKind, file: StoredFile, more: Json = {}): Json {
  const base = { file_id: file.fileId, file_unique_id: file.uniqueId, file_size: file.bytes.length };
  const { about } = mediaFormats[kind];
  if (kind === "photo") {
    const small = { ...base, width: 90, height: 67, file_size: Math.min(base.file_size, 1_000) };
    return { photo: [small, { ...base, ...about }] };
  }
  const named =
    kind === "voice" || kind === "video_note" || kind === "sticker" ? {} : { file_name: file.name };
  const mime = kind === "video_note" || kind === "sticker" ? {} : { mime_type: file.mime };
  const body = { ...base, ...named, ...mime, ...about, ...more };
  // An animation is a document too, for clients that do not know it.
  return kind === "animation"
    ? { animation: body, document: { ...base, ...named, ...mime } }
    : { [kind]: body };
}

/** The file a message carries; null when it has none. */
export function mediaKindOf(message: Json): MediaKind | null {
  const kinds = Object.keys(mediaFormats) as MediaKind[];
  const order = ["animation" as const, ...kinds.filter((kind) => kind !== "animation")];
  return order.find((kind) => message[kind] !== undefined) ?? null;
}
