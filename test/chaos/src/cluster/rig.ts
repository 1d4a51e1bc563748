/**
 * A whole cluster on this machine, every process and every connection of it within reach: servers of its own, the
 * product's processes as `rookery up` starts them, a proxy on each connection between them.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort, type PartName } from "@rookery/local";
import { type Env, openLog } from "@rookery/runtime";
import { migrateUp, openStore, type Store } from "@rookery/store";
import { type Balancer, openBalancer } from "./balancer.ts";
import { clientLink, type LinkName, type Links, openLinks, partLink, partsOfRole } from "./link.ts";
import { type Member, openMember, type Role } from "./member.ts";
import { type NatsCluster, startNatsCluster } from "./nats-cluster.ts";
import { migrateBy, type Version } from "./version.ts";
import { type Server, startServer } from "./server.ts";

export interface RigShape {
  readonly edges: number;
  readonly workers: number;
  readonly couriers: number;
  readonly shards: number;
  /** 3: a cluster of them, R3, reached directly. One of its own behind proxies if not given. */
  readonly natsServers?: number;
  /** Whose schema and processes it has at first; this one if not given. */
  readonly version?: Version;
  /** Further settings of all processes. */
  readonly settings?: Env;
}

export interface RigOptions extends RigShape {
  /** Made by the caller; holds the data, keys, logs. */
  readonly runDir: string;
  /** A planted bug: a module loaded before those of the roles it is for. */
  readonly plant?: { readonly url: string; readonly roles: readonly Role[] };
  /** Settings of every process, beside those that are the rig's. */
  readonly env?: Env;
  /** Clients go to the edges directly; for scenarios with thousands of them. */
  readonly directClients?: boolean;
  /** Clients go to one door before all edges that serve, as in a cluster whose edges come and go. */
  readonly balanced?: boolean;
  readonly progress: (line: string) => void;
  /** An end of a process nobody asked for. */
  readonly onExit: (name: string, reason: string, served: boolean) => void;
}

export interface Rig {
  readonly shape: RigShape;
  readonly servers: Readonly<Record<PartName, Server>>;
  /** When there are three. */
  readonly natsCluster: NatsCluster | undefined;
  readonly links: Links;
  /** Where clients go, by edge. */
  readonly edgeUrls: readonly string[];
  /** To the database directly, past every proxy. */
  readonly store: Store;
  member(role: Role, index: number): Member;
  members(role: Role): Member[];
  /** One more process of a role, ready to be started; the same one when asked again. */
  extend(role: Role, index: number): Promise<Member>;
  /** The door before all edges, where there is one. */
  readonly balancer: Balancer | undefined;
  /** Every link to a server leads to where it is now. */
  retarget(part: PartName): void;
  close(): Promise<void>;
}

const host = "127.0.0.1";
const storeConnectionsMax = 4;
const parts = ["postgres", "nats", "redis"] as const satisfies readonly PartName[];

/** Starts everything; resolves when all serve. Nothing is left running when it throws. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const { runDir, progress } = options;
  const links = openLinks();
  const started: Server[] = [];
  const members = new Map<string, Member>();
  const logFds: number[] = [];
  let store: Store | undefined;
  let natsCluster: NatsCluster | undefined;
  let balancer: Balancer | undefined;

  const close = async (): Promise<void> => {
    for (const server of started) server.thaw();
    const all = [...members.values()];
    await Promise.all(all.map((member) => member.kill()));
    await store?.end();
    await balancer?.close();
    await links.close();
    await Promise.all(started.map((server) => server.close()));
    for (const fd of logFds.splice(0)) closeSync(fd);
  };

  try {
    await Promise.all(
      parts.map(async (part) => {
        if (part === "nats" && options.natsServers === 3) {
          started.push((natsCluster = await startNatsCluster(join(runDir, part), progress)));
        } else started.push(await startServer(part, join(runDir, part), progress));
      }),
    );
    const servers = Object.fromEntries(started.map((server) => [server.name, server])) as Record<
      PartName,
      Server
    >;
    if (options.version === undefined) await migrateUp(servers.postgres.url);
    else await migrateBy(options.version, { ...baseEnv(), DATABASE_URL: servers.postgres.url }, "up");
    const log = openLog("chaos", { LOG_LEVEL: "silent" });
    store = openStore({ url: servers.postgres.url, name: "chaos", connectionsMax: storeConnectionsMax, log });
    const keys = await makeKeys(runDir);
    const edgePorts = await Promise.all(Array.from({ length: options.edges }, () => findFreePort(host)));
    const edgeUrls = await Promise.all(
      edgePorts.map(async (port, edge) => {
        const door = options.directClients === true ? port : (await links.open(clientLink(edge), port)).port;
        return `http://${host}:${door}`;
      }),
    );
    if (options.balanced === true) balancer = await openBalancer();
    if (balancer !== undefined) edgeUrls.splice(0, edgeUrls.length, balancer.url);
    await mkdir(join(runDir, "log"), { recursive: true });

    const add = async (role: Role, index: number): Promise<Member> => {
      const known = members.get(`${role}-${index}`);
      if (known !== undefined) return known;
      const through = async (part: PartName): Promise<string> => {
        if (part === "nats" && natsCluster !== undefined) return natsCluster.url;
        const url = new URL(servers[part].url);
        url.port = String((await links.open(partLink(role, index, part), servers[part].port)).port);
        return url.href;
      };
      const urls = Object.fromEntries(
        await Promise.all(partsOfRole[role].map(async (part) => [part, await through(part)] as const)),
      );
      if (role === "edge") edgePorts[index] ??= await findFreePort(host);
      const logFd = openSync(join(runDir, "log", `${role}-${index}.log`), "a", 0o600);
      logFds.push(logFd);
      const env: Env = {
        ...baseEnv(),
        ...keys,
        DATABASE_URL: urls["postgres"],
        NATS_URL: urls["nats"],
        REDIS_URL: urls["redis"],
        HOST: host,
        PORT: role === "edge" ? String(edgePorts[index]) : undefined,
        PUBLIC_URL: edgeUrls[0],
        METRICS_PORT: role === "edge" ? undefined : String(await findFreePort(host)),
        ROOKERY_SHARDS: String(options.shards),
        ...options.settings,
        LOG_REPLICAS: natsCluster === undefined ? undefined : "3",
        ...options.env,
      };
      const { plant } = options;
      const member = openMember({
        role,
        index,
        env,
        logFd,
        onExit: options.onExit,
        statusUrl: `http://${host}:${role === "edge" ? edgePorts[index] : env["METRICS_PORT"]}`,
        ...(options.version === undefined ? {} : { root: options.version.root }),
        ...(plant?.roles.includes(role) === true ? { plant: plant.url } : {}),
      });
      members.set(member.name, member);
      return member;
    };

    const counts = { edge: options.edges, worker: options.workers, courier: options.couriers };
    const wanted = (["edge", "worker", "courier"] as const).flatMap((role) =>
      Array.from({ length: counts[role] }, (_, index) => add(role, index)),
    );
    progress(`starting ${wanted.length} processes`);
    await Promise.all((await Promise.all(wanted)).map((member) => member.start()));

    const member = (role: Role, index: number): Member => {
      const found = members.get(`${role}-${index}`);
      if (found === undefined) throw new Error(`there is no ${role}-${index}`);
      return found;
    };
    return {
      shape: options,
      servers,
      natsCluster,
      balancer,
      links,
      edgeUrls,
      store,
      member,
      members: (role) => [...members.values()].filter((each) => each.role === role),
      extend: add,
      retarget(part) {
        for (const proxy of links.to(part)) proxy.retarget(servers[part].port);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What somebody may have in their shell must not reach the cluster. */
function baseEnv(): Env {
  const { PATH, HOME, TMPDIR, LANG } = process.env;
  return {
    PATH,
    HOME,
    TMPDIR,
    LANG,
    RATE_LIMITS: "off",
    LOG_FORMAT: "json",
    LOG_LEVEL: process.env["LOG_LEVEL"],
  };
}

async function makeKeys(runDir: string): Promise<Env> {
  const jwtFile = join(runDir, "jwt-key.pem");
  const masterFile = join(runDir, "master.key");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(jwtFile, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(masterFile, randomBytes(32), { mode: 0o600 });
  return { JWT_PRIVATE_KEY_FILE: jwtFile, MASTER_KEY_FILE: masterFile };
}

/** Every link of a cluster of that shape. */
export function linkNames(shape: RigShape): LinkName[] {
  const counts = { edge: shape.edges, worker: shape.workers, courier: shape.couriers };
  const inner = (["edge", "worker", "courier"] as const).flatMap((role) =>
    Array.from({ length: counts[role] }, (_, index) =>
      partsOfRole[role].map((part) => partLink(role, index, part)),
    ).flat(),
  );
  return [...inner, ...Array.from({ length: shape.edges }, (_, edge) => clientLink(edge))];
}
