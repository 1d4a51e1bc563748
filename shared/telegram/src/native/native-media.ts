/** The file of a message, as the Bot API shows it. Pure. */
import type { TelegramObjects } from "@gramio/types";
import type { Attachment, BotExtra } from "@rookery/protocol";

/** A file as one bot knows it. */
export interface FileName {
  readonly file_id: string;
  readonly file_unique_id: string;
}

/** With what only its bytes tell; a sender of ours may have said it too. */
export interface ShownFile extends FileName {
  readonly sides?: { readonly width: number; readonly height: number } | undefined;
}

/** Kinds of files that have sides. */
const pictures: ReadonlySet<string> = new Set(["photo", "video", "animation", "sticker", "video_note"]);

/** Whether the sides of a file are shown, and are not said in its message. */
export function lacksSides({ kind }: Pick<Attachment, "kind">, extra: BotExtra | undefined): boolean {
  return pictures.has(kind) && extra?.media?.["width"] === undefined;
}

/** Kinds of files Telegram names; all others are documents. */
const mediaKinds: ReadonlySet<string> = new Set([
  "video",
  "animation",
  "audio",
  "voice",
  "video_note",
  "sticker",
]);

export function mediaOf(
  file: Attachment,
  extra: BotExtra | undefined,
  { sides: known, ...name }: ShownFile,
): Partial<TelegramObjects.TelegramMessage> {
  const media = extra?.media ?? {};
  const size = file.size === undefined ? {} : { file_size: file.size };
  const side = (key: "width" | "height"): number => numberOf(media[key], known?.[key] ?? 0);
  const duration = numberOf(media["duration"], 0);
  const described = {
    ...name,
    ...(file.name === undefined ? {} : { file_name: file.name }),
    ...(file.mime === undefined ? {} : { mime_type: file.mime }),
    ...size,
  };
  const sides = { width: side("width"), height: side("height") };
  switch (mediaKinds.has(file.kind) || file.kind === "photo" ? file.kind : "document") {
    case "photo":
      return { photo: [{ ...name, ...sides, ...size }] };
    case "video":
      return { video: { ...described, ...sides, duration } };
    case "animation": {
      const animation = { ...described, ...sides, duration };
      return { animation, document: described };
    }
    case "audio": {
      const { title, performer } = media;
      const tags = {
        ...(title === undefined ? {} : { title: String(title) }),
        ...(performer === undefined ? {} : { performer: String(performer) }),
      };
      return { audio: { ...described, duration, ...tags } };
    }
    case "voice":
      return {
        voice: { ...name, ...(file.mime === undefined ? {} : { mime_type: file.mime }), ...size, duration },
      };
    case "video_note":
      return { video_note: { ...name, ...size, length: numberOf(media["length"], side("width")), duration } };
    case "sticker": {
      const emoji = media["emoji"] === undefined ? {} : { emoji: String(media["emoji"]) };
      const still = { type: "regular" as const, is_animated: false, is_video: file.mime === "video/webm" };
      return { sticker: { ...name, ...still, ...sides, ...emoji, ...size } };
    }
    default:
      return { document: described };
  }
}

function numberOf(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}
