/** Where the bytes of files lie, by their SHA-256: what is there twice lies there once. */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Readable, Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Bytes that came and are not yet anybody's; `path` is theirs until they are kept or thrown away. */
export interface Incoming {
  readonly path: string;
  readonly size: number;
  readonly digest: Buffer;
  readonly head: Buffer;
}

/** The bytes of a part of a file, both ends included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface FileContents {
  /** Keeps a stream aside, whole. @throws what the stream throws; then nothing is left of it. */
  receive(source: Readable): Promise<Incoming>;
  /** From here on they are found by their digest. */
  keep(incoming: Incoming): Promise<void>;
  /** Not an error when they were kept or are gone. */
  discard(incoming: Pick<Incoming, "path">): Promise<void>;
  /** Null when they are not there. */
  open(digest: Buffer, range?: ByteRange): Promise<Readable | null>;
  close(): Promise<void>;
}

/** Enough to tell a type and the sides of a picture. */
const headBytes = 64 * 1_024;

/** In a folder that the edges of this machine share. A file appears in it whole, under its name, or not at all. */
export async function openFolderContents(folder: string): Promise<FileContents> {
  const coming = join(folder, "coming");
  await mkdir(coming, { recursive: true, mode: 0o700 });
  const placeOf = (digest: Buffer): string => {
    const name = digest.toString("hex");
    return join(folder, name.slice(0, 2), name.slice(2));
  };
  return {
    receive: (source) => receiveInto(coming, source),
    async keep({ path, digest }) {
      const place = placeOf(digest);
      await mkdir(join(place, ".."), { recursive: true, mode: 0o700 });
      await rename(path, place);
    },
    discard: ({ path }) => rm(path, { force: true }),
    async open(digest, range) {
      const place = placeOf(digest);
      const found = await stat(place).catch(() => null);
      return found === null ? null : createReadStream(place, range ?? {});
    },
    close: () => Promise.resolve(),
  };
}

/** Writes a stream to a file of its own, with its digest. */
export async function receiveInto(folder: string, source: Readable): Promise<Incoming> {
  const path = join(folder, randomUUID());
  const meter = new Meter();
  try {
    await pipeline(source, meter, createWriteStream(path, { mode: 0o600 }));
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return { path, size: meter.size, digest: meter.digest(), head: meter.head };
}

class Meter extends Transform {
  readonly #hash = createHash("sha256");
  head: Buffer = Buffer.alloc(0);
  size = 0;

  override _transform(chunk: Buffer, _: string, done: TransformCallback): void {
    this.size += chunk.byteLength;
    this.#hash.update(chunk);
    if (this.head.byteLength < headBytes) {
      this.head = Buffer.concat([this.head, chunk.subarray(0, headBytes - this.head.byteLength)]);
    }
    done(null, chunk);
  }

  digest(): Buffer {
    return this.#hash.digest();
  }
}
