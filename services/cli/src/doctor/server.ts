/** Of Postgres, NATS and Redis: those that are named are reached and asked their version, of the others the programs are looked for. */
import {
  answerOf,
  findPostgres,
  lookForServerBinary,
  natsWish,
  readDistribution,
  redisWish,
  whyUnreachable,
} from "@rookery/local";
import { type Env, openLog, readText } from "@rookery/runtime";
import { openStore } from "@rookery/store";
import { type Finding, missing, ok, warning } from "./finding.ts";

type Version = readonly [major: number, minor: number];

const postgresMin: Version = [15, 0];
/** Tokens allow for 5 s between machines. */
const skewMsMax = 2_000;

/** @param version undefined: it did not say */
export function judgeVersion(variable: string, version: string | undefined, least: Version): Finding {
  const needed = `${least.join(".")} or later`;
  if (version === undefined) {
    return missing(
      variable,
      `${variable}: what answers there is not the server it should be`,
      `name one of ${needed}`,
    );
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > least[0] || (major === least[0] && minor >= least[1]))
    return ok(variable, `answers, ${version}`);
  return missing(variable, `${variable}: the server is ${version}`, `${needed} is needed`);
}

/** @param aheadMs how far Postgres' clock is ahead of ours; its times and ours are compared */
export function judgeClock(aheadMs: number): Finding {
  const apart = `${(Math.abs(aheadMs) / 1_000).toFixed(1)} s`;
  if (Math.abs(aheadMs) <= skewMsMax) return ok("clock", `${apart} from Postgres'`);
  return warning(
    "clock",
    `this machine's is ${apart} ${aheadMs > 0 ? "behind" : "ahead of"} Postgres'`,
    "let both be set by NTP: tokens and sessions end by them",
  );
}

/** @param found the program's path and version; undefined: none is here yet */
export function judgeProgram(
  name: string,
  found: { readonly path: string; readonly version: string } | undefined,
  how: { readonly package: string; readonly variable: string; readonly canUnpack: boolean },
): Finding {
  if (found !== undefined) return ok(name, `${found.version}, ${found.path}`);
  const todo = `apt-get install ${how.package}, or set ${how.variable} to its path`;
  if (how.canUnpack) {
    return warning(name, "not here: the first start unpacks Debian's, which needs the network once", todo);
  }
  return missing(name, `there is no ${name} here`, todo);
}

export async function checkServers(dataDir: string, env: Env): Promise<Finding[]> {
  const [postgres, nats, redis] = await Promise.all([
    checkPostgres(env),
    checkServer({
      variable: "NATS_URL",
      port: 4222,
      least: natsWish.versionMin,
      version: natsVersion,
      env,
      program: () => checkProgram(natsWish, dataDir, env),
    }),
    checkServer({
      variable: "REDIS_URL",
      port: 6379,
      least: redisWish.versionMin,
      version: redisVersion,
      env,
      program: () => checkProgram(redisWish, dataDir, env),
    }),
  ]);
  return [...postgres, nats, redis];
}

interface ServerCheck {
  readonly variable: string;
  readonly port: number;
  readonly least: Version;
  readonly version: (url: string) => Promise<string | undefined>;
  readonly env: Env;
  readonly program: () => Promise<Finding>;
}

/** Of several URLs the first that answers counts, as it does at a start. */
async function checkServer({ variable, port, least, version, env, program }: ServerCheck): Promise<Finding> {
  const given = readText(env, variable, "");
  if (given === "") return await program();
  const reasons: string[] = [];
  for (const url of given.split(",").map((each) => each.trim())) {
    const reason = await whyUnreachable(url, port);
    if (reason === undefined) return judgeVersion(variable, await version(url), least);
    reasons.push(reason);
  }
  return missing(
    variable,
    `${variable} cannot be used: ${reasons.join(", ")}`,
    "start the server, or name another",
  );
}

async function checkPostgres(env: Env): Promise<Finding[]> {
  const name = "DATABASE_URL";
  const url = readText(env, name, "");
  if (url === "") {
    const found = await findPostgres().catch((error: unknown) => String(error));
    if (typeof found !== "string") return [ok("postgres", `private, ${found.postgres}`)];
    return [missing("postgres", "Postgres' own package is not installed", "run npm ci, or set DATABASE_URL")];
  }
  const reason = await whyUnreachable(url, 5432);
  if (reason !== undefined)
    return [missing(name, `${name} cannot be used: ${reason}`, "start the server, or name another")];
  const log = openLog("doctor", { LOG_LEVEL: "silent" });
  const store = openStore({ url, name: "rookery doctor", connectionsMax: 1, log });
  try {
    // Connecting takes its time, which is no clock's.
    await store.query("select 1");
    const beforeMs = Date.now();
    const { rows } = await store.query<{ version: string; nowMs: number }>(
      `select current_setting('server_version') as version,
         floor(extract(epoch from clock_timestamp()) * 1000)::bigint as "nowMs"`,
    );
    const oursMs = (beforeMs + Date.now()) / 2;
    const [row] = rows;
    return [
      judgeVersion(name, row?.version.split(" ")[0], postgresMin),
      judgeClock(row === undefined ? 0 : row.nowMs - oursMs),
    ];
  } catch (error) {
    const text = `${name} cannot be used: ${error instanceof Error ? error.message : String(error)}`;
    return [missing(name, text, "check user, password and database")];
  } finally {
    await store.end();
  }
}

async function checkProgram(
  wish: typeof natsWish | typeof redisWish,
  dataDir: string,
  env: Env,
): Promise<Finding> {
  const [name] = wish.names;
  const how = { package: wish.package.name, variable: wish.variable, canUnpack: await isDebian() };
  try {
    return judgeProgram(name, await lookForServerBinary(wish, { env, dataDir }), how);
  } catch (error) {
    const todo = `name another by ${wish.variable}, or unset it`;
    return missing(name, error instanceof Error ? error.message : String(error), todo);
  }
}

/** Whose packages are unpacked by apt, without root. */
async function isDebian(): Promise<boolean> {
  return (await readDistribution()) !== undefined;
}

async function natsVersion(url: string): Promise<string | undefined> {
  return (await answerOf(url, 4222, { greeting: "", expected: /^INFO \{.*"version":\s*"([\d.]+)/ }))?.[1];
}

async function redisVersion(url: string): Promise<string | undefined> {
  const { username, password } = new URL(url);
  const words = [username, password].filter((word) => word !== "").map(decodeURIComponent);
  const auth = words.length === 0 ? "" : encodeWords(["AUTH", ...words]);
  const greeting = `${auth}${encodeWords(["INFO", "server"])}`;
  return (await answerOf(url, 6379, { greeting, expected: /redis_version:([\d.]+)/ }))?.[1];
}

function encodeWords(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}
