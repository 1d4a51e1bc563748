/** Files as bots and people use them: kept, named and opened again. */
import { randomBytes } from "node:crypto";
import { type Attachment, Fault, type UserId } from "@rookery/protocol";
import { type FileRow, insertFile, readFileSecret, readFiles, type Store } from "@rookery/store";
import { type FileNames, openFileNames } from "@rookery/telegram";
import type { FileContents, Incoming } from "./contents.ts";
import { sniff } from "./sniff.ts";

const nameBytesMax = 255;

export interface Files {
  readonly contents: FileContents;
  readonly names: FileNames;
  /** Makes incoming bytes a file of somebody's. What has a key is the same file for ever. @throws Fault `conflict` */
  keep(
    incoming: Incoming,
    about: { readonly ownerId: UserId; readonly name: string | undefined; readonly key?: string | undefined },
  ): Promise<FileRow & { readonly isRepeat: boolean }>;
  read(id: string): Promise<FileRow | null>;
}

function openFiles(parts: {
  readonly store: Store;
  readonly contents: FileContents;
  readonly names: FileNames;
  readonly now: () => number;
}): Files {
  const { store, contents, names, now } = parts;
  return {
    contents,
    names,
    async keep(incoming, { ownerId, name, key }) {
      const { mime, extension, width = null, height = null } = sniff(incoming.head);
      const file: FileRow = {
        id: key === undefined ? randomBytes(16).toString("base64url") : names.idFor(ownerId, key),
        digest: incoming.digest,
        size: incoming.size,
        mime,
        name: name === undefined ? `file${extension}` : shownName(name),
        width,
        height,
        ownerId,
        createdMs: now(),
      };
      // Bytes first: a row without them would be a promise nobody keeps.
      await contents.keep(incoming);
      if (await insertFile(store, file)) return { ...file, isRepeat: false };
      const earlier = (await readFiles(store, [file.id])).get(file.id);
      if (earlier?.digest.equals(file.digest) !== true)
        throw new Fault("conflict", "the Idempotency-Key was used for another file");
      return { ...earlier, isRepeat: true };
    },
    read: async (id) => (await readFiles(store, [id])).get(id) ?? null,
  };
}

/** Files whose bytes lie in a folder, or in a bucket. */
export async function openFilesIn(store: Store, contents: FileContents, now: () => number): Promise<Files> {
  return openFiles({ store, contents, names: openFileNames(await readFileSecret(store)), now });
}

export function attachmentOf({ id, size, mime, name }: FileRow, kind: string): Attachment {
  return { fileId: id, kind, size, mime, ...(name === null ? {} : { name }) };
}

/** No path, no control characters; as long as file systems take. */
function shownName(name: string): string {
  const last = name.replace(/^.*[/\\]/s, "").replace(/\p{Cc}/gu, "");
  let shown = last.toWellFormed();
  // Whole characters: half of one is no text to Postgres.
  while (Buffer.byteLength(shown) > nameBytesMax) shown = shown.replace(/^./su, "");
  return shown === "" ? "file" : shown;
}
