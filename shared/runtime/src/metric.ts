import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Gauges that are named like counters, which Prometheus' linter refuses; the same is told by type without `_total`. */
const misnamed = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

export { Counter, Gauge, Histogram, type Registry };

/**
 * A registry of one process: its own metrics beside those of the process and the event loop. `node` tells processes of
 * one service apart where their metrics are shown together.
 */
export function openMetrics(service: string, node?: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels(node === undefined ? { service } : { service, node });
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
}
