/** Another version of the product, beside this one: its sources from git, the packages of this one. */
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ConfigError, type Env } from "@rookery/runtime";

const run = promisify(execFile);
export const ownRoot = fileURLToPath(new URL("../../../..", import.meta.url));
const migrateMsMax = 120_000;
/** Of ours, which the other version brings itself. */
const scope = "@rookery";

export interface Version {
  readonly root: string;
  readonly commit: string;
}

/**
 * Unpacks a commit below `folder`. `null`: the one before the newest that brought a migration, so that there is one between.
 * @throws ConfigError where there is no such commit, or no history
 */
export async function unpackVersion(folder: string, wanted: string | null): Promise<Version> {
  const git = async (...args: string[]): Promise<string> =>
    (await run("git", ["-C", ownRoot, ...args], { maxBuffer: 1_024 ** 2 })).stdout.trim();
  try {
    const name = wanted ?? `${await git("log", "-1", "--format=%H", "--", "shared/store/migration")}~1`;
    const commit = await git("rev-parse", "--short", "--verify", `${name}^{commit}`);
    const root = join(folder, commit);
    await mkdir(root, { recursive: true });
    await run("sh", ["-c", 'git -C "$0" archive "$1" | tar -x -C "$2"', ownRoot, commit, root]);
    await linkPackages(root);
    return { root: `${root}/`, commit };
  } catch (error) {
    throw new ConfigError(
      `there is no other version to be had: ${wanted ?? "no commit before a migration"}`,
      {
        cause: error,
      },
    );
  }
}

/** Its own packages are its own; what both take from others is this version's, nested ones included. */
async function linkPackages(root: string): Promise<void> {
  const installed = join(ownRoot, "node_modules");
  await mkdir(join(root, "node_modules", scope), { recursive: true });
  for (const name of await readdir(installed)) {
    if (name !== scope) await symlink(join(installed, name), join(root, "node_modules", name));
  }
  for (const group of ["shared", "actors", "services", "infra", "test"]) {
    for (const entry of await readdir(join(root, group), { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const folder = join(root, group, entry.name);
      const name = await packageName(folder);
      if (name === null) continue;
      const links = join(root, "node_modules");
      await symlink(relative(join(links, scope), folder), join(links, name));
      const nested = join(ownRoot, group, entry.name, "node_modules");
      if ((await readdir(nested).catch(() => [])).length > 0)
        await symlink(nested, join(folder, "node_modules"));
    }
  }
}

async function packageName(folder: string): Promise<string | null> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as { name: string }).name;
}

/** `rookery migrate` of a version. @returns what it said, a line each */
export async function migrateBy(
  version: Pick<Version, "root">,
  env: Env,
  action: "up" | "status",
): Promise<string[]> {
  const main = join(version.root, "services/cli/src/main.ts");
  const { stdout } = await run(process.execPath, [main, "migrate", action], { env, timeout: migrateMsMax });
  return stdout.split("\n").filter((line) => line !== "");
}
