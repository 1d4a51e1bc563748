import { setTimeout as sleep } from "node:timers/promises";
import { openBus } from "@rookery/bus";
import { openCache } from "@rookery/cache";
import { commandLogName } from "@rookery/protocol";
import { ConfigError } from "@rookery/runtime";
import { countBacklog, listShards } from "@rookery/store";
import { type ClusterWatch, watchCluster } from "./cluster-watch.ts";
import { type Command, parseFlags } from "./command.ts";
import { type RunningCluster, withRunningCluster } from "./running-cluster.ts";
import { encodeStatus, type Sight, type StatusView, viewStatus } from "./status-view.ts";

/** Every process speaks within a second; a figure that is then still unknown, or something missing, is waited for so long. */
const firstWordsMs = 4_000;
const pollMs = 100;
const connectMs = 3_000;

export const status: Command = {
  name: "status",
  summary: "shows on one screen who is alive, what each does, and what waits",
  usage: [
    "Usage: rookery status [flags]",
    "",
    "The processes that are heard with their role, shards, lag and sockets; what the log holds and what waits to be done.",
    "Exit 1 when something is missing: a role without a process, a shard without an owner, NATS, Redis.",
    "",
    "  --json   as JSON",
    "  --data   data folder whose cluster is meant when DATABASE_URL, NATS_URL and REDIS_URL are not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const { values, switches, positionals } = parseFlags(args, ["data"], ["json"]);
    if (positionals.length > 0)
      throw new ConfigError(`there is nothing called ${positionals[0]}; see --help`);
    return await withRunningCluster({ data: values["data"], env }, async (cluster) => {
      const view = await look(cluster);
      const text = switches.has("json") ? JSON.stringify(view) : encodeStatus(view).join("\n");
      process.stdout.write(`${text}\n`);
      return view.ok ? 0 : 1;
    });
  },
};

type Heard = Pick<Sight, "processes" | "lagOf" | "socketsOf" | "log">;
const deaf: Heard = { processes: null, lagOf: () => null, socketsOf: () => null, log: null };

async function look(cluster: RunningCluster): Promise<StatusView> {
  const redis = answersRedis(cluster);
  const bus =
    cluster.natsUrl === undefined
      ? undefined
      : await openBus({ url: cluster.natsUrl, name: "rookery cli", log: cluster.log }).catch(() => undefined);
  const view = async (heard: Heard): Promise<StatusView> => {
    const { store } = cluster;
    const shards = { log: await listShards(store, "log"), job: await listShards(store, "job") };
    return viewStatus({ ...heard, shards, backlog: await countBacklog(store), redis: await redis });
  };
  if (bus === undefined) return await view(deaf);
  const watch = watchCluster(bus);
  try {
    const log = await bus
      .openLog(commandLogName)
      .then(async (stream) => await stream.state())
      .then(({ messages, bytes }) => ({ messages, bytes }))
      .catch(() => null);
    return await listen(watch, async (processes) =>
      view({ processes, lagOf: watch.lagOf, socketsOf: watch.socketsOf, log }),
    );
  } finally {
    watch.close();
    await bus.close();
  }
}

/** Until all is there and told, or there was time enough for it. */
async function listen(
  watch: ClusterWatch,
  view: (processes: Sight["processes"]) => Promise<StatusView>,
): Promise<StatusView> {
  const untilMs = performance.now() + firstWordsMs;
  for (;;) {
    const seen = await view(watch.processes());
    const isTold = (seen.processes ?? []).every(
      ({ role, lag, sockets }) =>
        (role !== "worker" || lag !== null) && (role !== "edge" || sockets !== null),
    );
    if ((seen.ok && isTold) || performance.now() > untilMs) return seen;
    await sleep(pollMs);
  }
}

async function answersRedis({ redisUrl, log }: RunningCluster): Promise<boolean> {
  if (redisUrl === undefined) return false;
  const cache = openCache({ url: redisUrl, log, name: "rookery cli" });
  try {
    const untilMs = performance.now() + connectMs;
    while (!cache.ready && performance.now() < untilMs) await sleep(pollMs);
    return cache.ready;
  } finally {
    await cache.close();
  }
}
