import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "@rookery/store";
import { type Files, openFolderFiles } from "../src/file/files.ts";

/** Files in a folder of their own. */
export async function openTestFiles(
  store: Store,
  now: () => number,
): Promise<{ readonly files: Files; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "rookery-files-"));
  const files = await openFolderFiles(store, { folder, now });
  return { files, close: () => rm(folder, { recursive: true, force: true }) };
}
