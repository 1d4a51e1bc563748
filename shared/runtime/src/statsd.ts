/** What the registry holds, told to a StatsD server again and again. */
import { StatsD } from "hot-shots";
import { ConfigError } from "./env.ts";
import type { Log } from "./log.ts";
import type { Registry } from "./metric.ts";
import { sparsely } from "./sparsely.ts";
import { diffSamples, type Sample, type StatsdCall } from "./statsd-diff.ts";

const everyMsDefault = 2_000;
const portDefault = 8_125;
const complainEveryMs = 60_000;

export interface StatsdAddress {
  readonly host: string;
  readonly port: number;
}

/** Parses `udp://host:port`; the port may be left out. @throws ConfigError */
export function parseStatsdUrl(text: string): StatsdAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== "udp:" || url.hostname === "") {
    throw new ConfigError(`STATSD_URL=${text} must be udp://host:port`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: url.port === "" ? portDefault : Number(url.port) };
}

/**
 * Tells a StatsD server every 2 s: counters as what was added since, gauges as they stand, histograms as a counter of
 * theirs (`…_count`, `…_sum`) and a bounded sample of values. UDP: what is lost is lost, and holds nothing up.
 */
export function startStatsd(options: {
  readonly address: StatsdAddress;
  readonly metrics: Registry;
  /** Put on every packet. */
  readonly tags: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly everyMs?: number;
}): { close(): Promise<void> } {
  const { address, metrics, tags, log } = options;
  let reason = "";
  const complain = sparsely(complainEveryMs, (count) => {
    log.warn({ reason, packets: count }, "StatsD does not take what we send");
  });
  const client = new StatsD({
    host: address.host,
    port: address.port,
    globalTags: { ...tags },
    maxBufferSize: 1_400,
    errorHandler(error) {
      reason = error.message;
      complain();
    },
  });
  let before: ReadonlyMap<string, number> = new Map();
  let pushing: Promise<void> | undefined;

  const push = async (): Promise<void> => {
    const families = (await metrics.getMetricsAsJSON()) as unknown as readonly StatsdFamily[];
    const samples = families.flatMap(({ name, type, values }) =>
      values.map(({ metricName = name, labels, value }): Sample => {
        const own = Object.entries(labels).filter(([key]) => !(key in tags));
        return { family: name, type, name: metricName, labels: Object.fromEntries(own), value };
      }),
    );
    const { calls, totals } = diffSamples(samples, before);
    before = totals;
    for (const call of calls) tell(client, call);
  };
  const timer = setInterval(() => {
    pushing ??= push()
      .catch((error: unknown) => log.warn({ err: error }, "metrics could not be told to StatsD"))
      .finally(() => {
        pushing = undefined;
      });
  }, options.everyMs ?? everyMsDefault);

  return {
    async close() {
      clearInterval(timer);
      await pushing;
      await push();
      await new Promise<void>((resolve) => client.close(() => resolve()));
    },
  };
}

/** As prom-client tells its metrics, whose typings are wider. */
interface StatsdFamily {
  readonly name: string;
  readonly type: Sample["type"];
  readonly values: readonly {
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

function tell(client: StatsD, { kind, name, value, tags }: StatsdCall): void {
  const own = { ...tags };
  switch (kind) {
    case "counter":
      client.increment(name, value, own);
      return;
    case "gauge":
      client.gauge(name, value, own);
      return;
    case "timing":
      client.timing(name, value, own);
      return;
    case "histogram":
      client.histogram(name, value, own);
      return;
  }
}
