import { execFile } from "node:child_process";
import { access, constants, mkdir, readdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { ConfigError, type Env, readText } from "@rookery/runtime";
import { type DebianPackage, readDistribution, unpackDebianPackage } from "./debian-package.ts";
import type { Tether } from "./tether.ts";

const run = promisify(execFile);

export interface ServerBinary {
  readonly path: string;
  readonly version: string;
  /** Where an unpacked package's libraries are; undefined for an installed one. */
  readonly libraryPath?: string;
}

export interface BinaryWish {
  /** Names it may have, best first. */
  readonly names: readonly string[];
  /** The variable that names it. */
  readonly variable: string;
  readonly versionMin: readonly [major: number, minor: number];
  readonly package: DebianPackage;
}

export interface BinarySearch {
  readonly env: Env;
  readonly tether: Tether;
  readonly signal: AbortSignal;
  /** Where to unpack when the user's cache folder cannot be written. */
  readonly dataDir: string;
  readonly progress: (line: string) => void;
}

/** Folders of servers that are not on the PATH of an ordinary Debian user. */
const systemFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
const versionMsMax = 10_000;

/**
 * Finds a server: the one a variable names, one on PATH that is new enough, one unpacked earlier, or Debian's,
 * which it unpacks without root.
 *
 * @throws ConfigError naming the package to install and the variable to set.
 */
export async function findServerBinary(wish: BinaryWish, search: BinarySearch): Promise<ServerBinary> {
  const [name = ""] = wish.names;
  if (readText(search.env, wish.variable, "") !== "") return await findNamed(wish, search.env);
  const installed = await findInstalled(wish, search);
  if (installed !== undefined) return installed;
  return await findUnpacked(wish, search).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `there is no ${name} ${wanted(wish)} here and it could not be unpacked (${reason}): install it ` +
        `(Debian, Ubuntu: apt-get install ${wish.package.name}) or set ${wish.variable} to its path`,
    );
  });
}

/**
 * What `findServerBinary` would find without fetching anything: undefined when it would have to, or could not, unpack one.
 *
 * @throws ConfigError for a named program that does not run or is too old.
 */
export async function lookForServerBinary(
  wish: BinaryWish,
  search: Pick<BinarySearch, "env" | "dataDir">,
): Promise<ServerBinary | undefined> {
  const quiet = { ...search, progress: () => undefined };
  if (readText(search.env, wish.variable, "") !== "") return await findNamed(wish, search.env);
  const installed = await findInstalled(wish, quiet);
  if (installed !== undefined) return installed;
  const distribution = await readDistribution();
  if (distribution === undefined) return undefined;
  for (const folder of cacheFolders(quiet)) {
    const found = await readUnpacked(wish, unpackedFolder(wish, distribution, folder));
    if (found !== undefined) return found;
  }
  return undefined;
}

async function findNamed(wish: BinaryWish, env: Env): Promise<ServerBinary> {
  const named = readText(env, wish.variable, "");
  const version = await readVersion(named);
  if (version === undefined) throw new ConfigError(`${wish.variable}=${named} does not run`);
  if (!isEnough(version, wish)) {
    throw new ConfigError(`${wish.variable}=${named} is ${version}; ${wanted(wish)} is needed`);
  }
  return { path: named, version };
}

async function findInstalled(
  wish: BinaryWish,
  search: Pick<BinarySearch, "env" | "progress">,
): Promise<ServerBinary | undefined> {
  const folders = [...readText(search.env, "PATH", "").split(delimiter), ...systemFolders].filter(isAbsolute);
  for (const name of wish.names) {
    for (const folder of folders) {
      const path = join(folder, name);
      const version = await readVersion(path);
      if (version === undefined) continue;
      if (isEnough(version, wish)) return { path, version };
      search.progress(`${path} is ${version}, looking on: ${wanted(wish)} is needed`);
    }
  }
  return undefined;
}

async function findUnpacked(wish: BinaryWish, search: BinarySearch): Promise<ServerBinary> {
  const distribution = await readDistribution();
  if (distribution === undefined) throw new Error("this is neither Debian nor Ubuntu");
  const { name } = wish.package;
  const folder = unpackedFolder(wish, distribution, await findCacheFolder(search));

  const cached = await readUnpacked(wish, folder);
  if (cached !== undefined) return cached;
  await rm(folder, { recursive: true, force: true });
  search.progress(`unpacking Debian's ${name} into ${folder} (once)`);
  await unpackDebianPackage(wish.package, distribution, folder, search);
  const unpacked = await readUnpacked(wish, folder);
  if (unpacked === undefined) throw new Error(`what ${name} holds does not run or is too old`);
  return unpacked;
}

async function readUnpacked(wish: BinaryWish, folder: string): Promise<ServerBinary | undefined> {
  const libraryPath = await findLibraries(folder);
  for (const name of wish.names) {
    for (const path of [join(folder, "usr/sbin", name), join(folder, "usr/bin", name)]) {
      const version = await readVersion(path, libraryPath);
      if (version !== undefined && isEnough(version, wish)) return { path, version, libraryPath };
    }
  }
  return undefined;
}

/** `usr/lib`, `lib` and the folders of the machine's architecture (`…-linux-gnu`) below them. */
async function findLibraries(folder: string): Promise<string> {
  const found: string[] = [];
  for (const base of [join(folder, "usr/lib"), join(folder, "lib")]) {
    const names = await readdir(base).catch(() => undefined);
    if (names === undefined) continue;
    found.push(...names.filter((name) => name.includes("-linux-gnu")).map((name) => join(base, name)), base);
  }
  return found.join(delimiter);
}

function unpackedFolder(
  wish: BinaryWish,
  { id, codename }: { readonly id: string; readonly codename: string },
  cacheFolder: string,
): string {
  return join(cacheFolder, `${id}-${codename}-${process.arch}`, wish.package.name);
}

/** The user's cache, when there is one, and what stands in for it. */
function cacheFolders(search: Pick<BinarySearch, "env" | "dataDir">): string[] {
  const fallback = join(search.dataDir, "cache");
  const home = readText(
    search.env,
    "XDG_CACHE_HOME",
    join(readText(search.env, "HOME", homedir()), ".cache"),
  );
  return isAbsolute(home) ? [join(home, "rookery"), fallback] : [fallback];
}

async function findCacheFolder(search: BinarySearch): Promise<string> {
  const [folder = "", fallback = folder] = cacheFolders(search);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
    return folder;
  } catch {
    return fallback;
  }
}

/** The `1.2.3` in what `--version` prints (`v1.2.3`, `v=1.2.3`, `version 1.2.3`); undefined when it does not run. */
async function readVersion(path: string, libraryPath?: string): Promise<string | undefined> {
  try {
    const env = { ...process.env, ...(libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {}) };
    const { stdout } = await run(path, ["--version"], { timeout: versionMsMax, env });
    return /v(?:ersion )?=?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function isEnough(version: string, wish: BinaryWish): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [majorMin, minorMin] = wish.versionMin;
  return major > majorMin || (major === majorMin && minor >= minorMin);
}

function wanted(wish: BinaryWish): string {
  return `${wish.versionMin.join(".")} or later`;
}
