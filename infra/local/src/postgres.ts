import { execFile } from "node:child_process";
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PartContext, PreparedPart } from "./part.ts";
import { findPostgres, type PostgresBinaries } from "./postgres-binary.ts";
import { awaitGone, readProcess } from "./process-table.ts";
import { readOrMakePassword } from "./secret-file.ts";
import { type Account, readServiceAccount, tie } from "./tether.ts";
import { waitUntil } from "./wait.ts";

const user = "rookery";
const database = "rookery";
const folderName = "postgres";
const passwordFileName = "postgres.password";
const initMsMax = 60_000;
/** A recovery after a crash reads the log since the last checkpoint, at most `max_wal_size`. */
const readyMsMax = 60_000;
/** Backends end within moments of their postmaster, or 5 s after a QUIT it sent them. */
const oldBackendsMsMax = 6_000;

const settings: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "128MB",
  fsync: "on",
  synchronous_commit: "on",
  max_wal_size: "1GB",
  // Compiling a query takes longer than any of ours runs.
  jit: "off",
  log_min_messages: "warning",
  log_line_prefix: "%m [%p] ",
  timezone: "UTC",
};

/** Makes the database folder if there is none yet. A folder that exists is whole: it is renamed into place. */
export async function preparePostgres(context: PartContext): Promise<PreparedPart> {
  const binaries = await findPostgres();
  const folder = join(context.dataDir, folderName);
  const account = await chooseAccount(folder);
  // Without the right to reach closed folders its account must at least be let through ours.
  if (account !== undefined && !context.tether.canReach) await chmod(context.dataDir, 0o711);
  const password = await readOrMakePassword(join(context.dataDir, passwordFileName));
  if (!(await exists(folder))) {
    context.progress("postgres: making the database folder");
    await initialize(context, binaries, folder, password, account);
  }
  return {
    version: (await readFile(join(folder, "PG_VERSION"), "utf8")).trim(),
    program: binaries.postgres,
    plan: (port) =>
      Promise.resolve({
        url: encodeUrl(password, port),
        program: {
          name: "postgres",
          command: withAccount(account, binaries.postgres, [
            "-D",
            folder,
            "-p",
            String(port),
            ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
          ]),
          cwd: context.dataDir,
          stdio: ["ignore", context.logFd, context.logFd],
          // Immediate shutdown, which takes its backends along; recovered at the next start.
          deathSignal: "QUIT",
          prepare: async () => {
            await awaitGone(["postgres"], folder, oldBackendsMsMax);
            await rm(join(folder, "postmaster.pid"), { force: true });
          },
          ready: (child, signal) => waitUntil(() => isReady(folder, child.pid), signal),
          readyMsMax,
          // Fast shutdown: ends sessions, writes a checkpoint.
          stopSignal: "SIGINT",
          stopMsMax: 15_000,
        },
      }),
  };
}

/** The URL of the server that somebody runs in a data folder; undefined when none serves there. */
export async function readPostgresUrl(dataDir: string): Promise<string | undefined> {
  const { pid, port, isReady } = await readPidFile(join(dataDir, folderName));
  // A file left by a crash may name a process that is another by now.
  if (!isReady || (await readProcess(pid))?.name !== "postgres") return undefined;
  const password = await readFile(join(dataDir, passwordFileName), "utf8");
  return encodeUrl(password.trim(), port);
}

function encodeUrl(password: string, port: number): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
}

async function isReady(folder: string, pid: number | undefined): Promise<boolean> {
  const file = await readPidFile(folder);
  return file.pid === pid && file.isReady;
}

/** Postgres writes its state into the eighth line of its pid file; `pg_ctl` looks there too. */
async function readPidFile(folder: string): Promise<{ pid: number; port: number; isReady: boolean }> {
  const text = await readFile(join(folder, "postmaster.pid"), "utf8").catch(() => "");
  const [pid, , , port, , , , state] = text.split("\n");
  return { pid: Number(pid), port: Number(port), isReady: state?.trim() === "ready" };
}

async function initialize(
  context: PartContext,
  binaries: PostgresBinaries,
  folder: string,
  password: string,
  account: Account | undefined,
): Promise<void> {
  const fresh = `${folder}.new`;
  const passwordFile = `${folder}.password.new`;
  await awaitGone(["postgres", "initdb"], fresh, oldBackendsMsMax);
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) {
    for (const path of [fresh, passwordFile]) await chown(path, account.uid, account.gid);
  }
  await run(
    context,
    withAccount(account, binaries.initdb, [
      `--pgdata=${fresh}`,
      `--username=${user}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      // Sorts the same on every machine, whatever its libc.
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--locale=C",
    ]),
  );
  await run(
    context,
    withAccount(account, binaries.postgres, ["--single", "-D", fresh, "postgres"]),
    `create database ${database}\n`,
  );
  await rm(passwordFile, { force: true });
  await rename(fresh, folder);
}

async function run(
  context: PartContext,
  command: ReturnType<typeof withAccount>,
  input?: string,
): Promise<void> {
  const tied = tie(context.tether, "KILL", command);
  await new Promise<void>((resolve, reject) => {
    const child = execFile(
      tied.command,
      tied.args,
      { ...tied.account, cwd: context.dataDir, timeout: initMsMax, signal: context.signal },
      (error, _stdout, stderr) => {
        if (error === null) return resolve();
        const hint =
          command.account === undefined || context.tether.canReach
            ? ""
            : `; Postgres runs as user ${command.account.uid} here, which must be able to reach the data folder and ` +
              "node_modules: start as another user than root, or move both out of folders closed to it";
        reject(new Error(`${stderr.trim().split("\n").slice(-4).join(" ") || error.message}${hint}`));
      },
    );
    child.stdin?.end(input);
  });
}

/** The owner of what is there already; for a new folder a service account, if we are root. */
async function chooseAccount(folder: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(folder).catch(() => undefined);
  return owner === undefined || owner.uid === 0 ? readServiceAccount() : { uid: owner.uid, gid: owner.gid };
}

function withAccount(account: Account | undefined, command: string, args: readonly string[]) {
  return { command, args, ...(account === undefined ? {} : { account }) };
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
