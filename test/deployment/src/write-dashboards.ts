/**
 * `node test/deployment/src/write-dashboards.ts && npm run format`: the dashboards, written from the lists below. Edit here, never what Grafana saves.
 */
import { writeFile } from "node:fs/promises";

type Unit = "short" | "s" | "bytes" | "reqps" | "percentunit";

interface Panel {
  readonly title: string;
  readonly unit: Unit;
  /** Legend → query. */
  readonly queries: Readonly<Record<string, string>>;
  readonly text?: string;
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

const quantile = (share: number, name: string): string =>
  `histogram_quantile(${share}, sum by (le) (rate(${name}_bucket[$__rate_interval])))`;

export const dashboards: readonly Dashboard[] = [
  {
    uid: "rookery-cluster",
    title: "Rookery: the cluster",
    panels: [
      {
        title: "Sockets by edge",
        unit: "short",
        queries: { "{{node}}": "sum by (node) (rookery_ws_connections)" },
      },
      {
        title: "Messages committed a second",
        unit: "reqps",
        queries: {
          all: "sum(rate(rookery_messages_sent_total[$__rate_interval]))",
          "{{node}}": "sum by (node) (rate(rookery_messages_sent_total[$__rate_interval]))",
        },
      },
      {
        title: "Delivery: log to socket",
        unit: "s",
        queries: {
          p50: quantile(0.5, "rookery_delivery_duration_seconds"),
          p99: quantile(0.99, "rookery_delivery_duration_seconds"),
        },
      },
      {
        title: "Commit",
        unit: "s",
        queries: {
          p50: quantile(0.5, "rookery_commit_duration_seconds"),
          p99: quantile(0.99, "rookery_commit_duration_seconds"),
        },
      },
      {
        title: "How late shards are",
        unit: "s",
        text: "Seconds since the oldest thing not yet applied came, of each worker's latest shard.",
        queries: { "{{node}}": "max by (node) (rookery_shard_lag_seconds)" },
      },
      {
        title: "Messages not yet applied",
        unit: "short",
        queries: { "{{node}}": "sum by (node) (rookery_shard_lag)" },
      },
      {
        title: "Shards by owner",
        unit: "short",
        queries: {
          "{{node}}": "sum by (node) (rookery_shards_owned)",
          "without owner": "max(rookery_shards) - sum(rookery_shards_owned)",
        },
      },
      {
        title: "Rows of a commit",
        unit: "short",
        text: "More rows at the same time is batching at work.",
        queries: {
          mean: "sum(rate(rookery_commit_rows_sum[$__rate_interval])) / sum(rate(rookery_commit_rows_count[$__rate_interval]))",
        },
      },
      {
        title: "Refused by limits",
        unit: "reqps",
        queries: { "{{node}}": "sum by (node) (rate(rookery_rate_limited_total[$__rate_interval]))" },
      },
      {
        title: "Sockets sent to other edges",
        unit: "reqps",
        queries: { "{{node}}": "sum by (node) (rate(rookery_ws_shed_total[$__rate_interval]))" },
      },
    ],
  },
  {
    uid: "rookery-processes",
    title: "Rookery: processes and servers",
    panels: [
      {
        title: "Event loop in use",
        unit: "percentunit",
        text: "1 is all of a process's one thread; autoscaling aims at 0.6.",
        queries: { "{{node}}": "rookery_event_loop_utilization" },
      },
      {
        title: "Event loop delay, p99",
        unit: "s",
        queries: { "{{node}}": "rookery_event_loop_delay_seconds" },
      },
      {
        title: "CPU",
        unit: "percentunit",
        queries: { "{{node}}": "rate(process_cpu_seconds_total[$__rate_interval])" },
      },
      { title: "Memory", unit: "bytes", queries: { "{{node}}": "process_resident_memory_bytes" } },
      { title: "Heap", unit: "bytes", queries: { "{{node}}": "nodejs_heap_size_used_bytes" } },
      {
        title: "Connections to Postgres",
        unit: "short",
        queries: { "{{node}}": "sum by (node) (rookery_pool_connections)" },
      },
      {
        title: "Queries that wait for one",
        unit: "short",
        queries: { "{{node}}": "sum by (node) (rookery_pool_waiting)" },
      },
      {
        title: "NATS and Redis in reach",
        unit: "short",
        queries: { "NATS {{node}}": "rookery_nats_up", "Redis {{node}}": "rookery_redis_up" },
      },
    ],
  },
  {
    uid: "rookery-leaving",
    title: "Rookery: what leaves",
    panels: [
      {
        title: "Webhook deliveries to be made",
        unit: "short",
        queries: { "{{node}}": "sum by (node) (rookery_webhook_pending)" },
      },
      {
        title: "Webhook attempts",
        unit: "reqps",
        queries: { "{{result}}": "sum by (result) (rate(rookery_webhook_attempts_total[$__rate_interval]))" },
      },
      {
        title: "Sends to Telegram that wait",
        unit: "short",
        queries: { "{{node}}": "sum by (node) (rookery_telegram_queue)" },
      },
      {
        title: "Updates of Telegram",
        unit: "reqps",
        queries: { "{{node}}": "sum by (node) (rate(rookery_telegram_updates_total[$__rate_interval]))" },
      },
    ],
  },
];

const widthOfAll = 24;
const columns = 2;
const height = 8;

/** The file Grafana reads. */
export function encodeDashboard({ uid, title, panels }: Dashboard): string {
  const datasource = { type: "prometheus", uid: "prometheus" };
  const dashboard = {
    uid,
    title,
    tags: ["rookery"],
    schemaVersion: 39,
    editable: false,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    panels: panels.map((panel, index) => ({
      id: index + 1,
      type: "timeseries",
      title: panel.title,
      ...(panel.text === undefined ? {} : { description: panel.text }),
      datasource,
      gridPos: {
        h: height,
        w: widthOfAll / columns,
        x: (index % columns) * (widthOfAll / columns),
        y: Math.floor(index / columns) * height,
      },
      fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
      targets: Object.entries(panel.queries).map(([legendFormat, expr], query) => ({
        refId: "ABCDEF".charAt(query),
        datasource,
        expr,
        legendFormat,
      })),
    })),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

if (import.meta.main) {
  for (const dashboard of dashboards) {
    await writeFile(
      new URL(`../../../infra/grafana/dashboards/${dashboard.uid}.json`, import.meta.url),
      encodeDashboard(dashboard),
    );
  }
}
