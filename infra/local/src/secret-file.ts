import { randomBytes } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";

/**
 * Reads a file of the data folder, made by `make` when it is not there yet; mode 0600. It appears whole or not at
 * all, and what is there is never replaced.
 */
export async function readOrMake(file: string, make: () => string | Uint8Array): Promise<Buffer> {
  const found = await readFile(file).catch(absent);
  if (found !== undefined) return found;
  const temporary = `${file}.${process.pid}.new`;
  await writeFile(temporary, make(), { mode: 0o600, flush: true });
  await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(temporary, { force: true });
  return await readFile(file);
}

/** A password kept in the data folder, of characters that need no escape in a URL or a configuration file. */
export async function readOrMakePassword(file: string): Promise<string> {
  const bytes = await readOrMake(file, () => randomBytes(24).toString("base64url"));
  return bytes.toString("utf8").trim();
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
