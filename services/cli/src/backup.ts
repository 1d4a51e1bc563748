import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { ConfigError } from "@rookery/runtime";
import { type BackupCounts, readBackup, writeBackup } from "@rookery/store";
import { type Command, parseFlags } from "./command.ts";
import { withDatabase } from "./database.ts";

const notes = [
  "It holds all rows: accounts, chats, messages, jobs. It does not hold the keys (jwt-key.pem, master.key), which belong",
  "elsewhere; without master.key the tokens of bots and the secrets of webhooks cannot be read again.",
];

export const backup: Command = {
  name: "backup",
  summary: "writes all rows of the database to a file, in one snapshot, while the cluster goes on",
  usage: [
    "Usage: rookery backup --to <file> [flags]",
    "",
    "  --to    the file, gzipped; it is there when it is whole",
    "  --data  data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
    ...notes,
    "",
  ].join("\n"),

  async run(args, env) {
    const { values } = parseFlags(args, ["to", "data"]);
    const file = values["to"];
    if (file === undefined) throw new ConfigError("say where it goes: --to <file>");
    const counts = await withDatabase({ data: values["data"], env }, async ({ url }) => {
      const unfinished = `${file}.unfinished`;
      try {
        const written = await writeFile(unfinished, url);
        await rename(unfinished, file);
        return written;
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    });
    process.stdout.write(`${file}: ${tell(counts)}\n`);
    return 0;
  },
};

export const restore: Command = {
  name: "restore",
  summary: "puts a backup into a database that is empty; the cluster must not run",
  usage: [
    "Usage: rookery restore --from <file> [flags]",
    "",
    "  --from  what `rookery backup` wrote, by this version or an earlier one",
    "  --data  data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
    "All of it or nothing. The log may be any, also none: what was sent and not answered is sent again. Empty Redis.",
    ...notes,
    "",
  ].join("\n"),

  async run(args, env) {
    const { values } = parseFlags(args, ["from", "data"]);
    const file = values["from"];
    if (file === undefined) throw new ConfigError("say what: --from <file>");
    const counts = await withDatabase({ data: values["data"], env }, ({ url }) => readFile(file, url));
    process.stdout.write(`restored ${tell(counts)}\n`);
    return 0;
  },
};

async function writeFile(file: string, url: string): Promise<BackupCounts> {
  const gzip = createGzip();
  const written = pipeline(gzip, createWriteStream(file, { mode: 0o600, flush: true }));
  // Awaited below; a disk that is full must not be nobody's error until then.
  written.catch((error: unknown) => gzip.destroy(error instanceof Error ? error : new Error(String(error))));
  const counts = await writeBackup(
    url,
    async (line) => {
      if (gzip.errored !== null) throw gzip.errored;
      if (!gzip.write(`${line}\n`)) await once(gzip, "drain");
    },
    Date.now(),
  );
  gzip.end();
  await written;
  return counts;
}

async function readFile(file: string, url: string): Promise<BackupCounts> {
  const stream = createReadStream(file);
  const gunzip = createGunzip();
  const piped = pipeline(stream, gunzip);
  piped.catch(() => undefined);
  // readline alone would end quietly when the stream breaks, and what breaks is told by `piped`.
  const counts = await readBackup(
    url,
    createInterface({ input: gunzip, crlfDelay: Number.POSITIVE_INFINITY }),
  );
  await piped;
  return counts;
}

function tell(counts: BackupCounts): string {
  const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return `${rows} rows of ${Object.keys(counts).length} tables, ${counts["users"] ?? 0} users, ${counts["message"] ?? 0} messages`;
}
