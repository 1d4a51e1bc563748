/** The body of a call, as it comes: read while there is room for it, unpacked, and taken apart by its type. */
import { type Readable, Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createInflate } from "node:zlib";
import { Busboy } from "@fastify/busboy";
import { limits } from "@rookery/protocol";
import { ApiRefusal, badRequest } from "./api-refusal.ts";
import { addForm, addJson, type Arguments, type Upload } from "./arguments.ts";

/** A file of 50 MB, and what is said beside it. */
export const bodyBytesMax = 52 * 1_048_576;
const textBytesMax = limits.requestBytesMax;
const fieldsMax = 1_000;
const filesMax = 20;
/** Keeps a file aside. Rejects when it cannot. */
export type TakeFile = (
  source: Readable,
  about: { readonly name: string | undefined; readonly mime: string },
) => Promise<Upload>;

/** Adds what a body says. @throws ApiRefusal 413, 415, 400 */
export async function readArguments(
  source: Readable,
  about: { readonly type: string; readonly encoding: string },
  { args, takeFile }: { readonly args: Arguments; readonly takeFile: TakeFile },
): Promise<void> {
  const unpacked = unpack(source, about.encoding);
  const type = about.type.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "multipart/form-data") return await readMultipart(unpacked, about.type, { args, takeFile });
  const body = await readText(unpacked);
  if (type === "application/json") addJson(args, body);
  // Bodies of other types say nothing, as at Telegram.
  else if (type === "application/x-www-form-urlencoded") addForm(args, body);
}

/** @throws ApiRefusal 415 */
function unpack(source: Readable, encoding: string): Readable {
  const names = encoding
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
  const [name, ...others] = names;
  if (name === undefined) return source;
  if (others.length > 0) throw new ApiRefusal(415, "");
  const decoder = decoderOf(name);
  if (decoder === null) throw new ApiRefusal(415, "");
  // Little can be much: what comes out is bounded as what comes in is.
  const bounded = new Bounded();
  pipeline(source, decoder, bounded).catch(() => {});
  return bounded;
}

function decoderOf(name: string): Transform | null {
  if (name === "gzip" || name === "x-gzip") return createGunzip();
  if (name === "deflate") return createInflate();
  return null;
}

class Bounded extends Transform {
  #bytes = 0;

  override _transform(chunk: Buffer, _: string, done: TransformCallback): void {
    this.#bytes += chunk.byteLength;
    if (this.#bytes > bodyBytesMax) done(new ApiRefusal(413, ""));
    else done(null, chunk);
  }
}

/** By its events: an async iterator costs as much as the rest of a small call. */
async function readText(source: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Whoever went away before this says nothing any more.
    if (source.destroyed) throw new Error("the body ended early");
    await new Promise<void>((resolve, reject) => {
      source.on("data", (chunk: Buffer) => {
        bytes += chunk.byteLength;
        if (bytes <= textBytesMax) chunks.push(chunk);
        else source.destroy(new ApiRefusal(413, ""));
      });
      source.once("end", resolve).once("error", reject);
      source.once("close", () => reject(new Error("the body ended early")));
    });
  } catch (error) {
    throw error instanceof ApiRefusal ? error : badRequest("the body cannot be read");
  }
  return Buffer.concat(chunks, bytes).toString("utf8");
}

async function readMultipart(
  source: Readable,
  type: string,
  { args, takeFile }: { readonly args: Arguments; readonly takeFile: TakeFile },
): Promise<void> {
  let parser: InstanceType<typeof Busboy>;
  try {
    parser = new Busboy({
      headers: { "content-type": type },
      limits: {
        fieldSize: textBytesMax,
        fieldNameSize: 256,
        fields: fieldsMax,
        files: filesMax,
        fileSize: bodyBytesMax,
        parts: fieldsMax + filesMax,
        headerPairs: 50,
      },
    });
  } catch {
    throw badRequest("boundary not found");
  }
  const files: Promise<void>[] = [];
  const open = new Set<Readable>();
  let fieldBytes = 0;
  parser.on("field", (name, value) => {
    fieldBytes += value.length;
    if (fieldBytes > textBytesMax) parser.destroy(new ApiRefusal(413, ""));
    else args.add(name, value);
  });
  parser.on("file", (name, file, filename, _, mime) => {
    // A file that is refused or cut short ends the call, and what was kept of it goes with the others.
    open.add(file);
    file.on("close", () => open.delete(file));
    file.on("error", () => {});
    file.on("limit", () => file.destroy(new ApiRefusal(413, "")));
    const taken = takeFile(file, { name: filename === "" ? undefined : filename, mime }).then((upload) => {
      args.addUpload(name, upload);
    });
    taken.catch((error: unknown) =>
      parser.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    files.push(taken);
  });
  try {
    await pipeline(source, parser);
    await Promise.all(files);
  } catch (error) {
    // Nothing more comes into files that have begun; the parser does not tell them.
    for (const file of open) file.destroy(new Error("the body ended"));
    await Promise.allSettled(files);
    throw error instanceof ApiRefusal ? error : badRequest("the multipart body cannot be read");
  }
}
