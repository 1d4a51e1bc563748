import type { Log } from "@rookery/runtime";
import pg from "pg";

/** A pool of Postgres connections. Every number up to 2^53 comes back as a number, jsonb as its value. */
export type Store = pg.Pool;

/** What a query runs on: the pool, or one connection inside a transaction. */
export type Queryable = Pick<pg.ClientBase, "query">;

export interface StoreOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly connectionsMax: number;
  /** A query without an answer by then rejects, outcome unknown: the connection may be cut without a word. */
  readonly queryMsMax?: number;
  readonly log: Log;
}

const queryMsDefault = 5_000;
/**
 * A prepared statement keeps its plan until somebody analyses its tables. One made while a table was empty would read it whole,
 * once for each command of a commit, for the minute in which it has grown by thousands.
 *
 * Where a table without an index has to be read all the same, Postgres before 18 takes the plan for so dear that it would compile it,
 * for tens of milliseconds each time, on a server that compiles.
 */
const plansByIndex = "-c enable_seqscan=off -c jit=off";

/** Ids, sequences and times are below 2^53, so bigint is a JavaScript number. */
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: Parameters<pg.CustomTypesConfig["getTypeParser"]>[0], format?: "text" | "binary") {
    if (oid === pg.types.builtins.INT8 && format !== "binary") return Number;
    return pg.types.getTypeParser(oid, format);
  },
};

/**
 * Opens a pool; no connection is made before the first query.
 *
 * An idle connection that breaks is logged and replaced; a query on a broken one rejects, and the caller decides
 * whether its outcome is unknown (`isOutage`).
 */
export function openStore(options: StoreOptions): Store {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.name,
    max: options.connectionsMax,
    connectionTimeoutMillis: 5_000,
    query_timeout: options.queryMsMax ?? queryMsDefault,
    idle_in_transaction_session_timeout: 5_000,
    keepAlive: true,
    options: plansByIndex,
    types,
  });
  pool.on("error", (error) => options.log.warn({ err: error.message }, "an idle Postgres connection broke"));
  return pool;
}

const endMsMax = 2_000;

/** Ends the pool, and waits at most 2 s: a server that is frozen says no goodbye. */
export async function endStore(store: Store): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, endMsMax);
  });
  await Promise.race([store.end(), late]);
  clearTimeout(timer);
}

/** Runs `work` in one transaction on one connection; rolls back when it throws. */
export async function inTransaction<T>(
  store: Store,
  work: (connection: Queryable) => Promise<T>,
): Promise<T> {
  const connection = await store.connect();
  let broken: Error | undefined;
  // Between two queries nobody else listens, and an error nobody hears ends the process.
  const onError = (error: Error): void => {
    broken = error;
  };
  connection.on("error", onError);
  try {
    await connection.query("begin");
    const result = await work(connection);
    await connection.query("commit");
    return result;
  } catch (error) {
    await connection.query("rollback").catch((failed: Error) => {
      broken = failed;
    });
    throw error;
  } finally {
    connection.off("error", onError);
    connection.release(broken);
  }
}

/**
 * Whether Postgres refused the statement itself (SQLSTATE class 22 data, 23 integrity, 54 limits), so that repeating it
 * can never help.
 */
export function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(2[23]|54)/.test(error.code ?? "");
}

const networkCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);
/** How `pg` and its pool say by words alone that a connection or an answer did not come. */
const networkWords =
  /^(?:Connection terminated|timeout e(?:xceeded|xpired)|Query read timeout|Client has encountered a connection error)/i;

/**
 * Whether Postgres could not be asked, or went away meanwhile (network, SQLSTATE class 08, 53 resources, 57P shutdown and start): another
 * time it may do. What was asked may have been done.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(?:08|53|57P)/.test(error.code ?? "");
  if (error instanceof AggregateError) return error.errors.some(isOutage);
  if (!(error instanceof Error)) return false;
  return networkWords.test(error.message) || ("code" in error && networkCodes.has(String(error.code)));
}

/** Whether a unique index refused it; `constraint` narrows to one. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code === "23505" &&
    (constraint === undefined || error.constraint === constraint)
  );
}
