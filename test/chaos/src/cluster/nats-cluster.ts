/** Three NATS servers on loopback, with the very configuration that compose and Kubernetes give them, R3. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findFreePort, findServerBinary, type Keeper, keep, readTether, signalQuietly } from "@rookery/local";
import { until } from "@rookery/kit";
import { commandLogName } from "@rookery/protocol";
import type { Server } from "./server.ts";

export interface NatsCluster extends Server {
  /** The server that leads the command log, as the servers say; null while there is none. */
  leader(): Promise<string | null>;
  /** SIGKILL; started again after some seconds. */
  killOne(name: string): void;
  /** Lame duck: what it leads gets new leaders, its clients are sent away, then it ends; started again. */
  retire(name: string): Promise<void>;
  /** Resolves when all three serve and their copies of the log are current. */
  awaitWhole(withinMs: number): Promise<void>;
}

const host = "127.0.0.1";
const config = fileURLToPath(new URL("../../../../infra/nats/nats.conf", import.meta.url));
const wish = {
  names: ["nats-server"],
  variable: "ROOKERY_NATS_SERVER",
  versionMin: [2, 10],
  package: { name: "nats-server", suites: { bookworm: "trixie" }, withDependencies: false },
} as const;
/** All that is changed of it; addresses and ports are flags. */
const storeDir = '"/data"';
const size = 3;
/** Long enough that the two others have to do without it. */
const restartMs = 12_000;
const readyMsMax = 60_000;
const askMsMax = 2_000;
/** lame_duck_grace_period and lame_duck_duration of the configuration, and slack. */
const retireMsMax = 60_000;
const passwords = { NATS_PASSWORD: "rookery", NATS_SYSTEM_PASSWORD: "system", NATS_ROUTE_PASSWORD: "route" };

interface Node {
  readonly name: string;
  readonly port: number;
  readonly monitor: number;
  readonly keeper: Keeper;
}

interface StreamDetail {
  readonly name: string;
  readonly cluster?: {
    readonly leader?: string;
    readonly replicas?: readonly { readonly current?: boolean; readonly offline?: boolean }[];
  };
}

interface Jsz {
  readonly account_details?: readonly { readonly stream_detail?: readonly StreamDetail[] }[];
}

export async function startNatsCluster(
  folder: string,
  progress: (line: string) => void,
): Promise<NatsCluster> {
  const tether = readTether();
  const search = {
    env: process.env,
    tether,
    signal: AbortSignal.timeout(readyMsMax),
    dataDir: folder,
    progress,
  };
  const { path } = await findServerBinary(wish, search);
  const ports = await Promise.all(Array.from({ length: size * 3 }, () => findFreePort(host)));
  const routes = ports
    .slice(size, size * 2)
    .map((port) => `nats://route:${passwords.NATS_ROUTE_PASSWORD}@${host}:${port}`);
  const logFds: number[] = [];
  const shipped = await readFile(config, "utf8");
  if (shipped.split(storeDir).length !== 2) throw new Error(`${config} names ${storeDir} not once`);
  const nodes = await Promise.all(
    routes.map(async (_, index): Promise<Node> => {
      const name = `nats-${index}`;
      const [port = 0, route = 0, monitor = 0] = [0, 1, 2].map((kind) => ports[kind * size + index]);
      const data = join(folder, name);
      await mkdir(data, { recursive: true });
      const configFile = join(folder, `${name}.conf`);
      await writeFile(configFile, shipped.replace(storeDir, JSON.stringify(data)));
      const logFd = openSync(join(folder, `${name}.log`), "a", 0o600);
      logFds.push(logFd);
      const args = [
        "-c",
        configFile,
        "-a",
        host,
        "-p",
        port,
        "-m",
        monitor,
        "--cluster",
        `nats://${host}:${route}`,
      ];
      const keeper = keep(
        {
          name,
          command: { command: path, args: args.map(String) },
          env: { ...process.env, ...passwords, SERVER_NAME: name, NATS_ROUTES: JSON.stringify(routes) },
          cwd: data,
          stdio: ["ignore", logFd, logFd],
          deathSignal: "KILL",
          ready: async () =>
            void (await until(() => isHealthy(monitor), { withinMs: readyMsMax, what: `${name} serves` })),
          readyMsMax,
          stopSignal: "SIGTERM",
          stopMsMax: 10_000,
        },
        { tether, restartMs, onDown: (reason) => progress(`${name}: ${reason}`) },
      );
      return { name, port, monitor, keeper };
    }),
  );
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map(({ keeper }) => keeper.close()));
    for (const fd of logFds.splice(0)) closeSync(fd);
  };
  try {
    await Promise.all(nodes.map(({ keeper }) => keeper.started));
  } catch (error) {
    await close();
    throw error;
  }

  const find = (name: string): Node => {
    const node = nodes.find((each) => each.name === name);
    if (node === undefined) throw new Error(`there is no ${name}`);
    return node;
  };
  const readStream = async ({ monitor }: Node): Promise<StreamDetail | null> => {
    const jsz = await ask<Jsz>(monitor, "/jsz?acc=ROOKERY&streams=true");
    const streams = jsz?.account_details?.flatMap((account) => account.stream_detail ?? []);
    return streams?.find((stream) => stream.name === commandLogName) ?? null;
  };
  const unfit = (): never => {
    throw new Error("three servers are not killed or frozen as one");
  };
  return {
    name: "nats",
    folder,
    url: nodes
      .map(({ port }, index) => `nats://${index === 0 ? "rookery:rookery@" : ""}${host}:${port}`)
      .join(","),
    port: nodes[0]?.port ?? 0,
    async leader() {
      // Each knows whom it follows; a server that was just killed is still somebody's answer, so the leader's own counts.
      const said = await Promise.all(nodes.map(async (node) => [node.name, await readStream(node)] as const));
      return said.find(([name, stream]) => stream?.cluster?.leader === name)?.[0] ?? null;
    },
    killOne(name) {
      const { pid } = find(name).keeper;
      if (pid !== undefined) signalQuietly(pid, "SIGKILL");
    },
    async retire(name) {
      const { keeper } = find(name);
      const { pid } = keeper;
      if (pid === undefined) throw new Error(`${name} does not run`);
      signalQuietly(pid, "SIGUSR2");
      await until(() => keeper.pid !== pid, { withinMs: retireMsMax, what: `${name} ended` });
    },
    async awaitWhole(withinMs) {
      await until(
        async () => {
          const streams = await Promise.all(nodes.map(readStream));
          const leading = streams.find((stream, index) => stream?.cluster?.leader === nodes[index]?.name);
          const replicas = leading?.cluster?.replicas ?? [];
          const isCurrent = replicas.length === size - 1 && replicas.every((each) => each.current === true);
          return (
            isCurrent && (await Promise.all(nodes.map(({ monitor }) => isHealthy(monitor)))).every(Boolean)
          );
        },
        { withinMs, what: "three servers with current copies of the log" },
      );
    },
    kill: unfit,
    restart: unfit,
    freeze: unfit,
    thaw: () => undefined,
    rebuild: unfit,
    close,
  };
}

async function isHealthy(monitor: number): Promise<boolean> {
  return (await ask<{ status?: string }>(monitor, "/healthz"))?.status === "ok";
}

async function ask<T>(port: number, path: string): Promise<T | null> {
  try {
    const response = await fetch(`http://${host}:${port}${path}`, { signal: AbortSignal.timeout(askMsMax) });
    return (await response.json()) as T;
  } catch {
    return null;
  }
}
