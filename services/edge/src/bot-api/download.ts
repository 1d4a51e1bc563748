/** The bytes of a file on the wire: as an attachment, never to be run, from any place on. */
import type { FileRow, NativeBot } from "@rookery/store";
import type { HttpResponse } from "uWebSockets.js";
import { fileHeaders, readRange } from "../file/file-answer.ts";
import { extensionOf } from "../file/sniff.ts";
import { pour } from "../http/pour.ts";
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

/**
 * The path that `getFile` gives: the name the bot has for it, behind a folder; with the ending of the file's own name, or of
 * its type, by which programs tell what it is.
 */
export function filePathOf(fileId: string, { mime, name }: Pick<FileRow, "mime" | "name">): string {
  const [kind = ""] = mime.split("/");
  const folder =
    kind === "image" ? "photos" : kind === "video" ? "videos" : kind === "audio" ? "music" : "documents";
  const [ending = extensionOf(mime)] = /\.[A-Za-z0-9]{1,10}$/.exec(name ?? "") ?? [];
  return `${folder}/${fileId}${ending.toLowerCase()}`;
}

/** Writes the file. @throws ApiRefusal 404 */
export async function sendFile(context: BotApiContext, download: Download): Promise<void> {
  const { bot, path, verb, range, res, isGone } = download;
  const [name = ""] = path.slice(path.indexOf("/") + 1).split(".");
  const fileId = context.files.names.fileOf(bot.id, name);
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
    for (const [name, value] of fileHeaders(file)) res.writeHeader(name, value);
    if (part !== null) res.writeHeader("content-range", `bytes ${part.start}-${part.end}/${file.size}`);
    if (source === null) res.writeHeader("content-length", String(length)).endWithoutBody();
    else if (length === 0) res.end();
  });
  if (source !== null && length > 0) await pour(source, { ...download, length });
}
