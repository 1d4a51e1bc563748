/** What a process shows of itself: metrics, StatsD, and health by HTTP for those without a door of their own. */
import { type Env, readChoice, readInteger, readText } from "./env.ts";
import type { Log } from "./log.ts";
import { openMetrics, type Registry } from "./metric.ts";
import { isLoopback } from "./metrics-door.ts";
import type { Probe } from "./readiness.ts";
import { startStatsd, type StatsdAddress, parseStatsdUrl } from "./statsd.ts";
import { startStatusServer } from "./status-server.ts";
import { readTraceConfig, type TraceConfig } from "./trace.ts";

export interface ObservationConfig {
  /** Where workers and couriers show health and metrics; edges do so where they serve. */
  readonly metricsHost: string;
  /** 0: any free one, told in the log. */
  readonly metricsPort: number;
  readonly metricsToken: string | null;
  /** Edges show the metrics of workers and couriers beside their own. */
  readonly metricsCluster: boolean;
  readonly statsd: StatsdAddress | null;
  /** Null: nothing is traced. */
  readonly traces: TraceConfig | null;
}

/** @throws ConfigError naming the variable. */
export function readObservationConfig(env: Env): ObservationConfig {
  const statsd = readText(env, "STATSD_URL", "");
  return {
    metricsHost: readText(env, "METRICS_HOST", "127.0.0.1"),
    metricsPort: readInteger(env, "METRICS_PORT", { fallback: 0, min: 0, max: 65_535 }),
    metricsToken: readText(env, "METRICS_TOKEN", "") || null,
    metricsCluster: readChoice(env, "METRICS_CLUSTER", ["on", "off"], "off") === "on",
    statsd: statsd === "" ? null : parseStatsdUrl(statsd),
    traces: readTraceConfig(env),
  };
}

export interface Observed {
  readonly metrics: Registry;
  close(): Promise<void>;
}

/** The registry of a process, told to StatsD when there is one. */
export function startObservation(
  { statsd }: ObservationConfig,
  self: { readonly service: string; readonly node: string; readonly log: Log },
): Observed {
  const { service, node, log } = self;
  const metrics = openMetrics(service, node);
  const teller =
    statsd === null ? undefined : startStatsd({ address: statsd, metrics, tags: { service, node }, log });
  return { metrics, close: async () => teller?.close() };
}

export interface ProcessStatus extends Observed {
  /** From here on `/health/ready` may say yes. */
  serving(): void;
  /** From here on it says `draining`. */
  draining(): void;
}

/** As `startObservation`, with a door for health and metrics, open before anything else is. @throws ConfigError */
export async function startProcessStatus(
  config: ObservationConfig,
  self: {
    readonly service: string;
    readonly node: string;
    readonly log: Log;
    readonly probes: Readonly<Record<string, Probe>>;
  },
): Promise<ProcessStatus> {
  const observed = startObservation(config, self);
  let phase: "starting" | "serving" | "draining" = "starting";
  const server = await startStatusServer({
    host: config.metricsHost,
    port: config.metricsPort,
    door: { loopback: isLoopback(config.metricsHost), metricsToken: config.metricsToken },
    metrics: observed.metrics,
    probes: { ...self.probes, started: () => phase !== "starting" },
    draining: () => phase === "draining",
  });
  self.log.info({ url: server.url }, "health and metrics are shown");
  return {
    metrics: observed.metrics,
    serving() {
      phase = "serving";
    },
    draining() {
      phase = "draining";
    },
    async close() {
      await Promise.all([server.close(), observed.close()]);
    },
  };
}
