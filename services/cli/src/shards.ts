import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError, readChoice } from "@rookery/runtime";
import { listShards, type ShardKind } from "@rookery/store";
import { type Command, parseFlags } from "./command.ts";
import { type LagWatch, openLagWatch } from "./lag-watch.ts";
import { type RunningCluster, withRunningCluster } from "./running-cluster.ts";
import { encodeShards, type ShardView, viewShards } from "./shard-view.ts";

const redrawMs = 1_000;
/** Every worker speaks once a second; one table waits for them at most so long, which a dead one makes it do. */
const firstWordMs = 3_000;
const pollMs = 50;
/** Lines of a terminal that are not rows: sum, titles, what is left out, the cursor's. */
const frameLines = 4;
const linesDefault = 24;
const clearScreen = "\u001B[H\u001B[J";

export const shards: Command = {
  name: "shards",
  summary: "shows who owns the shards, and how far they are behind",
  usage: [
    "Usage: rookery shards [flags]",
    "",
    "Of each shard its owner, the epoch of that ownership, the offset applied, the lag behind its log, how long it has",
    "been owned, and how many owners died on it in a row. On a terminal redrawn every second until Ctrl-C.",
    "",
    "  --once   one table, also on a terminal",
    "  --json   one table as JSON",
    "  --kind   log (chats and users; the default) or job (what leaves the cluster; these have no log, so no lag)",
    "  --data   data folder whose cluster is meant when DATABASE_URL and NATS_URL are not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const { values, switches, positionals } = parseFlags(args, ["kind", "data"], ["once", "json"]);
    if (positionals.length > 0)
      throw new ConfigError(`there is nothing called ${positionals[0]}; see --help`);
    const kind = readChoice({ "--kind": values["kind"] }, "--kind", ["log", "job"], "log");
    const isLive = process.stdout.isTTY && !switches.has("once") && !switches.has("json");
    return await withRunningCluster({ data: values["data"], env }, async (cluster) => {
      const lags = kind === "log" ? await openLags(cluster) : undefined;
      try {
        if (isLive) return await showForever(cluster, lags, kind);
        const views = await readWithLags(cluster, lags, kind);
        const text = switches.has("json")
          ? JSON.stringify(views)
          : encodeShards(views, kind, Number.MAX_SAFE_INTEGER).join("\n");
        process.stdout.write(`${text}\n`);
        return 0;
      } finally {
        await lags?.close();
      }
    });
  },
};

/** Without NATS the table lacks the lags, and is still worth seeing. */
async function openLags({ natsUrl, log }: RunningCluster): Promise<LagWatch | undefined> {
  try {
    if (natsUrl !== undefined) return await openLagWatch({ url: natsUrl, log });
    process.stderr.write("rookery shards: NATS does not run here, so the lag is unknown; set NATS_URL\n");
  } catch (error) {
    process.stderr.write(`rookery shards: NATS does not answer (${String(error)}), so the lag is unknown\n`);
  }
  return undefined;
}

async function read(
  { store }: RunningCluster,
  lags: LagWatch | undefined,
  kind: ShardKind,
): Promise<ShardView[]> {
  const rows = await listShards(store, kind);
  return viewShards(rows, (shard, epoch) => lags?.lagOf(shard, epoch) ?? null, Date.now());
}

/** Waits for the first word of every owner; one that is gone says none. */
async function readWithLags(
  cluster: RunningCluster,
  lags: LagWatch | undefined,
  kind: ShardKind,
): Promise<ShardView[]> {
  const untilMs = performance.now() + firstWordMs;
  for (;;) {
    const views = await read(cluster, lags, kind);
    const isHeard = views.every(({ owner, lag }) => owner === null || lag !== null);
    if (lags === undefined || isHeard || performance.now() > untilMs) return views;
    await sleep(pollMs);
  }
}

/** Ends with the process; an outage is shown where the table was. */
async function showForever(
  cluster: RunningCluster,
  lags: LagWatch | undefined,
  kind: ShardKind,
): Promise<never> {
  for (;;) {
    const rowsMax = Math.max(1, (process.stdout.rows ?? linesDefault) - frameLines);
    const lines = await read(cluster, lags, kind).then(
      (views) => encodeShards(views, kind, rowsMax),
      (error: unknown) => [`Postgres does not answer: ${String(error)}`],
    );
    process.stdout.write(`${clearScreen}${lines.join("\n")}\n`);
    await sleep(redrawMs);
  }
}
