/** The bytes of a file on the wire: as an attachment, never to be run, from any place on. */
import type { Readable } from "node:stream";
import type { FileRow, NativeBot } from "@rookery/store";
import type { HttpResponse } from "uWebSockets.js";
import type { ByteRange } from "../file/contents.ts";
import { ApiRefusal } from "./api-refusal.ts";
import type { BotApiContext } from "./context.ts";

export interface Download {
  readonly bot: NativeBot;
  readonly path: string;
  readonly verb: string;
  readonly range: string;
  readonly res: HttpResponse;
  readonly signal: AbortSignal;
  readonly isGone: () => boolean;
}

/** The path that `getFile` gives: the name the bot has for it, behind a folder. */
export function filePathOf(fileId: string, { mime }: Pick<FileRow, "mime">): string {
  const [kind = ""] = mime.split("/");
  const folder =
    kind === "image" ? "photos" : kind === "video" ? "videos" : kind === "audio" ? "music" : "documents";
  return `${folder}/${fileId}`;
}

/** Writes the file. @throws ApiRefusal 404 */
export async function sendFile(context: BotApiContext, download: Download): Promise<void> {
  const { bot, path, verb, range, res, isGone } = download;
  const fileId = context.files.names.fileOf(bot.id, path.slice(path.indexOf("/") + 1));
  const file = fileId === null ? null : await context.files.read(fileId);
  if (file === null) throw new ApiRefusal(404, "");
  const part = readRange(range, file.size);
  if (part === "outside") {
    if (isGone()) return;
    res.cork(() => {
      res.writeStatus("416 Range Not Satisfiable").writeHeader("content-range", `bytes */${file.size}`).end();
    });
    return;
  }
  const source = verb === "HEAD" ? null : await context.files.contents.open(file.digest, part ?? undefined);
  if (verb !== "HEAD" && source === null) throw new ApiRefusal(404, "");
  if (isGone()) {
    source?.destroy();
    return;
  }
  const length = part === null ? file.size : part.end - part.start + 1;
  res.cork(() => {
    res.writeStatus(part === null ? "200 OK" : "206 Partial Content");
    for (const [name, value] of headersOf(file)) res.writeHeader(name, value);
    if (part !== null) res.writeHeader("content-range", `bytes ${part.start}-${part.end}/${file.size}`);
    if (source === null) res.writeHeader("content-length", String(length)).endWithoutBody();
    else if (length === 0) res.end();
  });
  if (source !== null && length > 0) await pour(source, { ...download, length });
}

export function headersOf({ mime, name }: Pick<FileRow, "mime" | "name">): [string, string][] {
  const encoded = encodeURIComponent(name ?? "file").replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  );
  return [
    ["content-type", mime],
    ["content-disposition", `attachment; filename*=UTF-8''${encoded}`],
    ["x-content-type-options", "nosniff"],
    ["content-security-policy", "sandbox; default-src 'none'"],
    ["accept-ranges", "bytes"],
    ["cache-control", "private, max-age=3600"],
  ];
}

/** One range of bytes; null: all of it, also for what cannot be read. */
export function readRange(header: string, size: number): ByteRange | "outside" | null {
  const [whole, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header) ?? [];
  if (whole === undefined || (from === "" && to === "")) return null;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return start > end || start >= size ? "outside" : { start, end };
}

/** As fast as the client reads, a chunk at a time in memory. */
async function pour(
  source: Readable,
  { res, isGone, signal, length }: Pick<Download, "res" | "isGone" | "signal"> & { readonly length: number },
): Promise<void> {
  let wake: (() => void) | undefined;
  const leave = (): void => {
    source.destroy();
    wake?.();
  };
  signal.addEventListener("abort", leave, { once: true });
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (isGone()) return;
      const bytes = new Uint8Array(chunk).buffer;
      const before = res.getWriteOffset();
      let isWritten = true;
      res.cork(() => {
        [isWritten] = res.tryEnd(bytes, length);
      });
      if (isWritten) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        res.onWritable((offset) => {
          [isWritten] = res.tryEnd(bytes.slice(offset - before), length);
          if (isWritten) resolve();
          return isWritten;
        });
      });
    }
  } catch {
    // What is cut on our side is cut on theirs: they see that it is short.
    if (!isGone()) res.close();
  } finally {
    signal.removeEventListener("abort", leave);
    source.destroy();
  }
}
