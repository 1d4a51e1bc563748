import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { ConfigError } from "@rookery/runtime";

export interface FolderLock {
  close(): Promise<void>;
  /** Lets the process end while the lock is held. */
  unref(): void;
}

const fileName = "rookery.pid";

/**
 * Takes a data folder for this process, making it if needed.
 *
 * The lock is a socket in Linux's abstract namespace, named after the folder's inode: the kernel gives it up with
 * the process, so that no kill leaves a stale one, no reused pid is mistaken and two starts cannot both win. The
 * file beside it only says who holds it.
 *
 * @throws ConfigError naming the pid of the holder.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (process.platform !== "linux") return { close: () => Promise.resolve(), unref: () => undefined };
  const { dev, ino } = await stat(folder);
  const file = join(folder, fileName);
  const server = createServer((socket) => socket.destroy());
  if (!(await listen(server, `\0rookery-${dev}-${ino}`))) {
    const pid = (await readFile(file, "utf8").catch(() => "unknown")).trim();
    throw new ConfigError(
      `${folder} is in use: rookery is already running there with pid ${pid}; stop it or give another --data`,
    );
  }
  await writeFile(file, `${process.pid}\n`);
  return {
    close: () => new Promise((resolve) => server.close(() => resolve())),
    unref: () => void server.unref(),
  };
}

/** Who holds a data folder, as its file says; undefined: nobody, or there is no such folder. Makes nothing. */
export async function findFolderOwner(folder: string): Promise<string | undefined> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || process.platform !== "linux") return undefined;
  const isHeld = await new Promise<boolean>((resolve) => {
    const socket = connect({ path: `\0rookery-${found.dev}-${found.ino}` });
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
  if (!isHeld) return undefined;
  return (await readFile(join(folder, fileName), "utf8").catch(() => "unknown")).trim();
}

async function listen(server: Server, path: string): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen({ path }, () => resolve(true));
  });
}
