import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { partUrl } from "./test-part.ts";

export interface TestDatabase {
  readonly url: string;
  /** Drops it, whoever is connected. */
  close(): Promise<void>;
}

const cli = fileURLToPath(new URL("../../../services/cli/src/main.ts", import.meta.url));
/** Every current database of a run is a copy of this one, which is migrated once. */
const template = "rookery_template";
const templateLock = 7_665_540;
const createTriesMax = 40;
const createRetryMs = 50;
/** `object_in_use`: autovacuum, or another creation, is in the template. */
const templateInUse = "55006";

/** A database of its own for one test or file, on this run's server; its schema is current unless `isEmpty`. */
export async function openTestDatabase(options: { readonly isEmpty?: boolean } = {}): Promise<TestDatabase> {
  const serverUrl = await partUrl("postgres");
  if (options.isEmpty !== true) await ensureTemplate(serverUrl);
  const name = `test_${randomBytes(8).toString("hex")}`;
  await createDatabase(serverUrl, name, options.isEmpty === true ? "template0" : template);
  return {
    url: databaseUrl(serverUrl, name),
    close: () => execute(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

const ensured = new Map<string, Promise<void>>();

function ensureTemplate(serverUrl: string): Promise<void> {
  const key = createHash("sha256").update(serverUrl).digest("hex");
  const found = ensured.get(key) ?? makeTemplate(serverUrl);
  ensured.set(key, found);
  return found;
}

/**
 * Makes the template, once a server, whoever comes first. It is migrated by the command people use: this package knows
 * no other of ours, so that all of theirs may use it.
 */
async function makeTemplate(serverUrl: string): Promise<void> {
  const connection = await connect(serverUrl);
  try {
    await connection.query("select pg_advisory_lock($1)", [templateLock]);
    const { rowCount } = await connection.query("select from pg_database where datname = $1", [template]);
    if (rowCount !== 0) return;
    const making = `${template}_making`;
    await connection.query(`drop database if exists ${making} with (force)`);
    await connection.query(`create database ${making} template template0`);
    const env = { ...process.env, DATABASE_URL: databaseUrl(serverUrl, making) };
    await promisify(execFile)(process.execPath, [cli, "migrate", "up"], { env });
    await connection.query(`alter database ${making} rename to ${template}`);
  } finally {
    await connection.end();
  }
}

async function createDatabase(serverUrl: string, name: string, source: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await execute(serverUrl, `create database ${name} template ${source}`);
    } catch (error) {
      const isInUse = error instanceof pg.DatabaseError && error.code === templateInUse;
      if (!isInUse || tries === createTriesMax) throw error;
      await sleep(createRetryMs);
    }
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const connection = await connect(url);
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const connection = new pg.Client({ connectionString: url, application_name: "rookery test kit" });
  await connection.connect();
  return connection;
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
