/** Files as bots and people use them: kept, named and opened again. */
import { randomBytes } from "node:crypto";
import type { Attachment, UserId } from "@rookery/protocol";
import { type FileRow, insertFile, readFiles, type Store } from "@rookery/store";
import type { FileNames } from "@rookery/telegram";
import type { FileContents, Incoming } from "./contents.ts";
import { sniff } from "./sniff.ts";

const nameBytesMax = 255;

export interface Files {
  readonly contents: FileContents;
  readonly names: FileNames;
  /** Makes incoming bytes a file of somebody's. */
  keep(
    incoming: Incoming,
    about: { readonly ownerId: UserId; readonly name: string | undefined },
  ): Promise<FileRow>;
  read(id: string): Promise<FileRow | null>;
}

export function openFiles(parts: {
  readonly store: Store;
  readonly contents: FileContents;
  readonly names: FileNames;
  readonly now: () => number;
}): Files {
  const { store, contents, names, now } = parts;
  return {
    contents,
    names,
    async keep(incoming, { ownerId, name }) {
      const { mime, extension, width = null, height = null } = sniff(incoming.head);
      const file: FileRow = {
        id: randomBytes(16).toString("base64url"),
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
      await insertFile(store, file);
      return file;
    },
    read: async (id) => (await readFiles(store, [id])).get(id) ?? null,
  };
}

export function attachmentOf({ id, size, mime, name }: FileRow, kind: string): Attachment {
  return { fileId: id, kind, size, mime, ...(name === null ? {} : { name }) };
}

/** No path, no control characters; as long as file systems take. */
function shownName(name: string): string {
  const last = name.replace(/^.*[/\\]/s, "").replace(/\p{Cc}/gu, "");
  let shown = last.toWellFormed();
  while (Buffer.byteLength(shown) > nameBytesMax) shown = shown.slice(1);
  return shown === "" ? "file" : shown;
}
