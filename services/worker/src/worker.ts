/** One worker: hosts the log shards, and so the chat and user actors. */
import { randomUUID } from "node:crypto";
import { answerMetrics, type Bus, observeBus, openBus } from "@rookery/bus";
import { botActor } from "@rookery/bot";
import { chatActor } from "@rookery/chat";
import { anyDefinition, startHost } from "@rookery/host";
import { commandLogName, shardHashVersion, subjects } from "@rookery/protocol";
import {
  ConfigError,
  Counter,
  Gauge,
  Histogram,
  type Log,
  openTracer,
  type Service,
  startProcessStatus,
} from "@rookery/runtime";
import { endStore, ensureCluster, observeStore, openStore } from "@rookery/store";
import { userActor } from "@rookery/user";
import type { WorkerConfig } from "./config.ts";
import { readFacts } from "./facts.ts";
import { LagClock } from "./lag-clock.ts";
import { startOutcomeSweep } from "./outcome-sweep.ts";
import { openPresence } from "./presence.ts";

/** One commits, the others load, recall and claim. */
const connectionsMax = 6;
/** A commit without an answer by then is settled over another connection. */
const queryMsMax = 3_000;
/** How often it is noted where the shards' logs end, to tell how late they are. */
const noteMs = 1_000;

export async function startWorker(config: WorkerConfig, log: Log): Promise<Service> {
  const id = `${config.node}.${randomUUID().slice(0, 8)}`;
  const store = openStore({ url: config.databaseUrl, name: id, connectionsMax, queryMsMax, log });
  let bus: Bus | undefined;
  const status = await startProcessStatus(config, {
    service: "worker",
    node: config.node,
    log,
    probes: {
      postgres: async () => (await store.query("select 1")).rowCount === 1,
      nats: () => bus?.connected === true,
    },
  });
  const { metrics } = status;
  observeStore(store, metrics);
  await ensureCluster(store, { shards: config.shards, hashVersion: shardHashVersion }).catch(asConfigError);
  bus = await openBus({ url: config.natsUrl, name: id, log });
  observeBus(bus, metrics);
  answerMetrics(bus, { id, metrics, log });
  const seconds = new Histogram({
    name: "rookery_commit_duration_seconds",
    help: "One commit: offsets and rows of all shards with something to write",
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    registers: [metrics],
  });
  const rows = new Histogram({
    name: "rookery_commit_rows",
    help: "Rows written by one commit",
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000],
    registers: [metrics],
  });
  const tracer = await openTracer(config.traces, { service: "worker", node: config.node, log });
  const presence = openPresence({ bus, store, worker: id, log, now: Date.now });
  const host = await startHost({
    bus,
    store,
    openLog: () =>
      bus.ensureLog({
        name: commandLogName,
        subjects: [subjects.allCommands],
        bytesMax: config.logBytesMax,
        replicas: config.logReplicas,
      }),
    definitions: [anyDefinition(chatActor), anyDefinition(userActor), anyDefinition(botActor)],
    readFacts,
    attend: presence.attend,
    shards: config.shards,
    id,
    log,
    tracer,
    observe(commit) {
      seconds.observe(commit.seconds);
      rows.observe(commit.rows);
    },
  });
  new Counter({
    name: "rookery_commits_refused_total",
    help: "Commits of a shard that were not written, for a repeat among their commands or newer facts, and decided again",
    registers: [metrics],
    collect() {
      this.reset();
      this.inc(host.refusedCommits);
    },
  });
  new Gauge({
    name: "rookery_shards_owned",
    help: "Log shards this worker owns",
    registers: [metrics],
    collect() {
      this.set(host.status().length);
    },
  });
  new Gauge({
    name: "rookery_shard_lag",
    help: "Messages of the log not yet applied, over the shards this worker owns",
    registers: [metrics],
    collect() {
      this.set(host.status().reduce((sum, shard) => sum + shard.lag, 0));
    },
  });
  new Gauge({
    name: "rookery_shards",
    help: "Log shards of the whole cluster, as every worker knows",
    registers: [metrics],
  }).set(config.shards);
  const lateness = new LagClock();
  const lateSeconds = new Gauge({
    name: "rookery_shard_lag_seconds",
    help: "For how long the latest of this worker's shards has had something to apply that it has not reached",
    registers: [metrics],
    collect() {
      this.set(lateness.note(host.status(), performance.now()));
    },
  });
  const noting = setInterval(() => lateSeconds.set(lateness.note(host.status(), performance.now())), noteMs);
  // Whoever has the first shard: one worker of the cluster.
  const sweep = startOutcomeSweep({
    store,
    isOurs: () => host.status().some(({ shard }) => shard === 0),
    log,
  });
  await host.settled;
  status.serving();
  return {
    async close() {
      status.draining();
      clearInterval(noting);
      await Promise.all([host.close(), sweep.close()]);
      await presence.close();
      await tracer?.close();
      await Promise.all([bus.close(), endStore(store), status.close()]);
    },
  };
}

function asConfigError(error: unknown): never {
  throw new ConfigError(error instanceof Error ? error.message : String(error));
}
