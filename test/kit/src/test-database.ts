import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { openLog } from "@rookery/runtime";
import { migrateUp, openStore } from "@rookery/store";
import { partUrl } from "./test-part.ts";

export interface TestDatabase {
  readonly url: string;
  /** Drops it, whoever is connected. */
  close(): Promise<void>;
}

const createTriesMax = 20;
const createRetryMs = 50;
/** `object_in_use`: autovacuum, or another creation, is in the template. */
const templateInUse = "55006";

/** A database of its own for one test or file, on this run's server; its schema is current unless `isEmpty`. */
export async function openTestDatabase(options: { readonly isEmpty?: boolean } = {}): Promise<TestDatabase> {
  const serverUrl = await partUrl("postgres");
  const name = `test_${randomBytes(8).toString("hex")}`;
  await createDatabase(serverUrl, name);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  if (options.isEmpty !== true) await migrateUp(url.href);
  return { url: url.href, close: () => execute(serverUrl, `drop database if exists ${name} with (force)`) };
}

async function createDatabase(serverUrl: string, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await execute(serverUrl, `create database ${name}`);
    } catch (error) {
      const isInUse = error instanceof Error && "code" in error && error.code === templateInUse;
      if (!isInUse || tries === createTriesMax) throw error;
      await sleep(createRetryMs);
    }
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const log = openLog("kit", { LOG_LEVEL: "silent" });
  const store = openStore({ url, name: "rookery test kit", connectionsMax: 1, log });
  try {
    await store.query(statement);
  } finally {
    await store.end();
  }
}
