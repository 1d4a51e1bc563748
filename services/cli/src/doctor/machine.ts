/** Of the machine: what it must have for a cluster of its own. Deciders first, then what looks. */
import { access, constants, readFile, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findFolderOwner, readTether, whyPortTaken } from "@rookery/local";
import { type Finding, missing, ok, warning } from "./finding.ts";

/** Runs TypeScript as it is. */
const nodeMin = [22, 18] as const;
/** 10,000 sockets an edge, beside what servers hold open. */
const descriptorsWanted = 20_000;
const descriptorsMin = 1_024;
const mebibyte = 1024 * 1024;
const diskMin = 256 * mebibyte;
const diskWanted = 2_048 * mebibyte;

export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const [majorMin, minorMin] = nodeMin;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return ok("node", version);
  return missing(
    "node",
    `${version} cannot run TypeScript as it is; ${nodeMin.join(".")} or later is needed`,
    "npm ci brings it (npx rookery uses that one), or install it from nodejs.org",
  );
}

export function judgeSystem(platform: string, canSignal: boolean): Finding {
  if (platform !== "linux") {
    return warning(
      "system",
      `${platform}: private servers are for Linux only`,
      "set DATABASE_URL, NATS_URL and REDIS_URL",
    );
  }
  if (canSignal) return ok("system", "linux, with setpriv");
  return warning(
    "system",
    "there is no setpriv: what is started goes on running when rookery itself is killed",
    "install util-linux",
  );
}

/** @param limit of open files; null: unlimited, or not known here */
export function judgeDescriptors(limit: number | null): Finding {
  const name = "descriptors";
  if (limit === null) return ok(name, "no limit of open files");
  if (limit < descriptorsMin)
    return missing(name, `only ${limit} open files are allowed`, `raise it: ulimit -n ${descriptorsWanted}`);
  if (limit >= descriptorsWanted) return ok(name, `${limit} open files`);
  return warning(
    name,
    `${limit} open files are allowed, and each socket is one`,
    `for 10,000 sockets an edge raise it: ulimit -n ${descriptorsWanted}, or LimitNOFILE of the unit`,
  );
}

export function judgeDisk(folder: string, freeBytes: number): Finding {
  const name = "disk";
  const free = `${Math.floor(freeBytes / mebibyte)} MiB free below ${folder}`;
  if (freeBytes < diskMin) return missing(name, free, "make room, or give another --data");
  if (freeBytes < diskWanted)
    return warning(name, free, "make room: Postgres and the streams stop when it is full");
  return ok(name, free);
}

/** @param ours whether a cluster of this data folder runs: the ports are its own */
export function judgePort(host: string, port: number, reason: string | undefined, ours: boolean): Finding {
  const name = `port ${port}`;
  if (reason === undefined) return ok(name, `free on ${host}`);
  if (reason === "EADDRINUSE" && ours)
    return ok(name, `in use on ${host}, and a cluster of this folder runs`);
  const text =
    reason === "EADDRINUSE"
      ? `port ${port} of ${host} is in use`
      : `cannot listen on ${host} port ${port}: ${reason}`;
  return missing(name, text, "give another with --port (or PORT)");
}

/** @param owner the pid of the rookery that holds the folder */
export function judgeFolder(
  folder: string,
  found: { readonly exists: boolean; readonly writable: boolean; readonly owner: string | undefined },
): Finding {
  const name = "data folder";
  if (!found.writable) {
    return missing(
      name,
      `${folder} ${found.exists ? "cannot be written" : "cannot be made"} by this user`,
      "start as its owner, or give another --data",
    );
  }
  if (found.owner !== undefined)
    return warning(name, `rookery runs in ${folder}, pid ${found.owner}`, "a second start there is refused");
  return ok(name, found.exists ? folder : `${folder} is made at the first start`);
}

/** The host and first ports that edges are to have; port 0 is any free one. */
export interface MachineChoice {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly edges: number;
}

export async function checkMachine(choice: MachineChoice): Promise<Finding[]> {
  const { dataDir } = choice;
  const existing = await nearestFolder(dataDir);
  const writable = await access(existing, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  const owner = await findFolderOwner(dataDir);
  const { bavail, bsize } = await statfs(existing);
  return [
    judgeNode(process.version),
    judgeSystem(process.platform, readTether().canSignal),
    judgeDescriptors(await readDescriptorLimit()),
    judgeFolder(dataDir, { exists: existing === dataDir, writable, owner }),
    judgeDisk(existing, bavail * bsize),
    ...(await checkPorts(choice, owner !== undefined)),
  ];
}

/** Of each edge that wants a certain port. */
export async function checkPorts(
  { host, port, edges }: Omit<MachineChoice, "dataDir">,
  ours: boolean,
): Promise<Finding[]> {
  if (port === 0) return [];
  const ports = Array.from({ length: edges }, (_, index) => port + index);
  return await Promise.all(
    ports.map(async (each) => judgePort(host, each, await whyPortTaken(host, each), ours)),
  );
}

/** The folder, or the one it would be made in. */
async function nearestFolder(folder: string): Promise<string> {
  let nearest = folder;
  while (dirname(nearest) !== nearest) {
    if ((await stat(nearest).catch(() => undefined))?.isDirectory() === true) return nearest;
    nearest = dirname(nearest);
  }
  return nearest;
}

/** Node raises its own limit to the hard one, so that is the one that counts. */
async function readDescriptorLimit(): Promise<number | null> {
  const text = await readFile(join("/proc", "self", "limits"), "utf8").catch(() => "");
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(text)?.[1];
  return hard === undefined ? null : Number(hard);
}
