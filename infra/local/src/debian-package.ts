import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Env } from "@rookery/runtime";
import {
  type AptSource,
  type Distribution,
  encodeOwnSources,
  parseDeb822Sources,
  parseDistribution,
  parseOneLineSources,
} from "./apt-source.ts";
import { type Tether, tie } from "./tether.ts";

const run = promisify(execFile);

export interface DebianPackage {
  readonly name: string;
  /** Another suite to take it from, by the machine's codename; the machine's own where there is none. */
  readonly suites?: Readonly<Record<string, string>>;
  /** Also what it depends on and the machine lacks. */
  readonly withDependencies: boolean;
}

export interface AptRun {
  readonly env: Env;
  readonly tether: Tether;
  readonly signal: AbortSignal;
}

const aptMsMax = 120_000;

/** The machine's distribution when it is one whose packages can be unpacked, else undefined. */
export async function readDistribution(): Promise<Distribution | undefined> {
  return parseDistribution(await readFile("/etc/os-release", "utf8").catch(() => ""));
}

/**
 * Downloads a package by the machine's own mirror and unpacks it into `folder`, which appears whole or not at all;
 * of two that do so at once either wins. Needs no root and changes nothing outside: apt gets a state of its own.
 *
 * @throws Error with the last words of apt.
 */
export async function unpackDebianPackage(
  wanted: DebianPackage,
  distribution: Distribution,
  folder: string,
  aptRun: AptRun,
): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(dirname(folder), `${basename(folder)}.`));
  try {
    const archives = await download(wanted, distribution, work, aptRun);
    const root = join(work, "root");
    await mkdir(root);
    for (const archive of archives) await run("dpkg", ["-x", archive, root], { env: aptRun.env });
    await rename(root, folder).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(
  wanted: DebianPackage,
  distribution: Distribution,
  work: string,
  { env, tether, signal }: AptRun,
): Promise<string[]> {
  const archives = join(work, "cache", "archives");
  await mkdir(join(work, "lists", "partial"), { recursive: true });
  await mkdir(join(archives, "partial"), { recursive: true });
  const sources = join(work, "own.sources");
  const suite = wanted.suites?.[distribution.codename];
  await writeFile(sources, encodeOwnSources(await readSources(), distribution, suite));

  const apt = async (...args: string[]): Promise<string> => {
    const command = tie(tether, "TERM", {
      command: "apt-get",
      args: [...aptOptions(work, sources), ...args],
    });
    try {
      const { stdout } = await run(command.command, command.args, {
        cwd: archives,
        timeout: aptMsMax,
        signal,
        env: { ...env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
      });
      return stdout;
    } catch (error) {
      const errors = readErrorOutput(error).filter((line) => line.startsWith("E:"));
      throw new Error(`apt-get ${args[0]}: ${errors.join(" ") || String(error)}`, { cause: error });
    }
  };

  // A hook of the machine, or one source of several, may make it fail although the lists came.
  const updated = await apt("update").then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    if (wanted.withDependencies) {
      await apt("install", "--download-only", "--reinstall", "--no-install-recommends", wanted.name);
    } else {
      await apt("download", wanted.name);
    }
  } catch (error) {
    throw updated ?? error;
  }
  const names = (await readdir(archives)).filter((name) => name.endsWith(".deb"));
  // Another libc than the one of the machine's loader cannot run.
  return names.filter((name) => !/^libc(6|-bin)_/.test(name)).map((name) => join(archives, name));
}

function aptOptions(work: string, sources: string): string[] {
  const settings = [
    `Dir::State=${work}`,
    `Dir::State::lists=${join(work, "lists")}`,
    `Dir::Cache=${join(work, "cache")}`,
    `Dir::Etc::SourceList=${sources}`,
    "Dir::Etc::SourceParts=/dev/null",
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    "Acquire::Retries=2",
    // As root apt would download as a user who cannot reach our folder.
    "APT::Sandbox::User=root",
    // dpkg's own lock is root's; nothing is installed.
    "Debug::NoLocking=true",
  ];
  return ["-y", "-q", ...settings.flatMap((setting) => ["-o", setting])];
}

/** The lines a failed program wrote to its standard error. */
function readErrorOutput(error: unknown): string[] {
  if (!(error instanceof Error) || !("stderr" in error)) return [];
  return String(error.stderr).split("\n");
}

async function readSources(): Promise<AptSource[]> {
  const parts = "/etc/apt/sources.list.d";
  const names = await readdir(parts).catch(() => []);
  const files = ["/etc/apt/sources.list", ...names.map((name) => join(parts, name))];
  const sources = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, "utf8").catch(() => "");
      if (file.endsWith(".sources")) return parseDeb822Sources(text);
      return file.endsWith(".list") ? parseOneLineSources(text) : [];
    }),
  );
  return sources.flat();
}
