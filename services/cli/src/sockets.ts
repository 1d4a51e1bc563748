import { type MirroredSocket, allSockets, openCache, socketsOf } from "@rookery/cache";
import { idMax } from "@rookery/protocol";
import { ConfigError, readInteger } from "@rookery/runtime";
import { type Command, parseFlags } from "./command.ts";
import { encodeDuration } from "./shard-view.ts";
import { type RunningCluster, withRunningCluster } from "./running-cluster.ts";
import { type Column, encodeTable } from "./text-table.ts";

/** Of one table; beyond it the operator asks for one user. */
const socketsMax = 10_000;
const connectMs = 3_000;
const pollMs = 20;

export const sockets: Command = {
  name: "sockets",
  summary: "shows who is connected, and where",
  usage: [
    "Usage: rookery sockets [flags]",
    "",
    "The open WebSockets as the edges keep them in Redis: of each its user, device, edge, own word and age. After Redis was",
    "emptied it is complete again within seconds.",
    "",
    "  --user   of this user only, by id",
    "  --json   as JSON",
    "  --data   data folder whose cluster is meant when DATABASE_URL and REDIS_URL are not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const { values, switches, positionals } = parseFlags(args, ["user", "data"], ["json"]);
    if (positionals.length > 0)
      throw new ConfigError(`there is nothing called ${positionals[0]}; see --help`);
    const userId = readInteger({ "--user": values["user"] }, "--user", { fallback: 0, min: 0, max: idMax });
    return await withRunningCluster({ data: values["data"], env }, async (cluster) => {
      const found = await readSockets(cluster, userId);
      const text = switches.has("json") ? JSON.stringify(found) : encodeSockets(found, Date.now()).join("\n");
      process.stdout.write(`${text}\n`);
      return 0;
    });
  },
};

/** @param userId 0: of everybody. @throws ConfigError when Redis does not run or answer */
async function readSockets({ redisUrl, log }: RunningCluster, userId: number): Promise<MirroredSocket[]> {
  if (redisUrl === undefined) throw new ConfigError("Redis does not run here; set REDIS_URL");
  const cache = openCache({ url: redisUrl, log, name: "rookery cli" });
  try {
    const untilMs = performance.now() + connectMs;
    while (!cache.ready && performance.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    if (!cache.ready) throw new ConfigError("Redis does not answer");
    return userId === 0
      ? await allSockets(cache, socketsMax, Date.now())
      : await socketsOf(cache, userId, Date.now());
  } finally {
    await cache.close();
  }
}

/** The table below a line that sums it up. */
export function encodeSockets(found: readonly MirroredSocket[], nowMs: number): string[] {
  const users = new Set(found.map(({ userId }) => userId)).size;
  const edges = new Set(found.map(({ edge }) => edge)).size;
  const more = found.length >= socketsMax ? " or more" : "";
  const sum = `${found.length}${more} sockets of ${users} users on ${edges} edges`;
  if (found.length === 0) return [sum];
  const columns: readonly Column<MirroredSocket>[] = [
    { title: "user", align: "right", cell: ({ userId }) => String(userId) },
    { title: "device", widthMax: 24, cell: ({ device }) => device ?? "-" },
    { title: "edge", cell: ({ edge }) => edge },
    { title: "status", cell: ({ status }) => status },
    {
      title: "open for",
      align: "right",
      cell: ({ sinceMs }) => encodeDuration(Math.max(0, nowMs - sinceMs)),
    },
    { title: "key", align: "right", cell: ({ keyId }) => (keyId === null ? "-" : String(keyId)) },
    { title: "connection", cell: ({ connId }) => connId },
  ];
  const ordered = found.toSorted((one, other) => one.userId - other.userId || one.sinceMs - other.sinceMs);
  return [sum, ...encodeTable(ordered, columns)];
}
