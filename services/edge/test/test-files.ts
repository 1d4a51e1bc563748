import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "@rookery/store";
import { openFolderContents } from "../src/file/contents.ts";
import { type Files, openFilesIn } from "../src/file/files.ts";

/** Files in a folder of their own. */
export async function openTestFiles(
  store: Store,
  now: () => number,
): Promise<{ readonly files: Files; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "rookery-files-"));
  const files = await openFilesIn(store, await openFolderContents(folder), now);
  return { files, close: () => rm(folder, { recursive: true, force: true }) };
}
