/** One of the three servers, private to a run, with the means to hurt it. */
import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { type PartName, type Parts, signalQuietly, startParts } from "@rookery/local";
import { until } from "@rookery/kit";

export interface Server {
  readonly name: PartName;
  readonly folder: string;
  /** Direct, past every proxy. */
  readonly url: string;
  readonly port: number;
  /** SIGKILL; started again on the same port and data after a second. Resolves when it serves. */
  kill(): Promise<void>;
  /** A clean stop; the rest as `kill`. */
  restart(): Promise<void>;
  /** Every process of it stands still. Resolves when none of them can do anything more. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Kills it, lets `work` change its folder, starts it again; the port changes. */
  rebuild(work: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const serveMsMax = 60_000;
/** A clean stop: Postgres ends sessions and writes a checkpoint at SIGINT, and waits for its clients at SIGTERM. */
const stopSignals = { postgres: "SIGINT", nats: "SIGINT", redis: "SIGTERM" } as const;

/** Starts a private server that keeps its data below `folder`. @throws ConfigError */
export async function startServer(
  name: PartName,
  folder: string,
  progress: (line: string) => void,
): Promise<Server> {
  const { DATABASE_URL: _d, NATS_URL: _n, REDIS_URL: _r, ...env } = process.env;
  let restarts = 0;
  let frozen: number[] = [];
  const start = (): Promise<Parts> =>
    startParts({ dataDir: folder, env, only: [name], progress, onRestart: () => void (restarts += 1) });
  let parts = await start();
  const url = (): string =>
    ({ postgres: parts.databaseUrl, nats: parts.natsUrl, redis: parts.redisUrl })[name];

  const signalAndAwait = async (signal: NodeJS.Signals): Promise<void> => {
    const before = restarts;
    const pid = parts.pids[name];
    if (pid !== undefined) signalQuietly(pid, signal);
    await until(() => restarts > before, { withinMs: serveMsMax, what: `${name} serves again` });
  };

  return {
    name,
    folder,
    get url() {
      return url();
    },
    get port() {
      return Number(new URL(url()).port);
    },
    kill: () => signalAndAwait("SIGKILL"),
    restart: () => signalAndAwait(stopSignals[name]),
    async freeze() {
      const pid = parts.pids[name];
      if (pid === undefined) return;
      // The parent first, so that it makes no more children.
      signalQuietly(pid, "SIGSTOP");
      const children = await childrenOf(pid);
      for (const child of children) signalQuietly(child, "SIGSTOP");
      frozen = [pid, ...children];
      await Promise.all(frozen.map(awaitStill));
    },
    thaw() {
      for (const pid of frozen.toReversed()) signalQuietly(pid, "SIGCONT");
      frozen = [];
    },
    async rebuild(work) {
      parts.kill();
      await parts.close();
      await work();
      parts = await start();
    },
    close: () => parts.close(),
  };
}

/** Empties a Redis, speaking to it directly. */
export async function flushRedis(server: Pick<Server, "url">): Promise<void> {
  const { port, password } = new URL(server.url);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1");
    let answer = "";
    socket.setTimeout(5_000, () => socket.destroy(new Error("redis does not answer")));
    socket.on("error", reject);
    socket.on("close", () => resolve());
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      if (answer.split("\r\n").length > 2) socket.destroy();
    });
    socket.write(`AUTH ${decodeURIComponent(password)}\r\nFLUSHALL\r\n`);
  });
}

async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = [];
  for (const entry of await readdir("/proc")) {
    const pid = Number(entry);
    if (Number.isInteger(pid) && (await statOf(pid))?.[1] === String(parent)) children.push(pid);
  }
  return children;
}

async function awaitStill(pid: number): Promise<void> {
  await until(
    async () => {
      const state = (await statOf(pid))?.[0];
      return state === undefined || state === "T" || state === "Z";
    },
    { withinMs: 5_000, what: `process ${pid} stands still` },
  );
}

/** The fields of `/proc/<pid>/stat` from the state on; the name before may itself hold spaces. */
async function statOf(pid: number): Promise<string[] | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}
