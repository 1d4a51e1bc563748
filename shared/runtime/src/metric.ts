import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Gauges that are named like counters, which Prometheus' linter refuses; the same is told by type without `_total`. */
const misnamed = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

export { Counter, Gauge, Histogram, type Registry };

/**
 * How often the event loop is looked at: each look wakes the process, and what waits must cost little. What is measured is the time
 * between two looks: `nodejs_eventloop_lag_…` hold this much when nothing is late, `rookery_event_loop_delay_seconds` does not.
 */
const loopLookMs = 100;

/**
 * A registry of one process: its own metrics beside those of the process and the event loop. `node` tells processes of
 * one service apart where their metrics are shown together.
 */
export function openMetrics(service: string, node?: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels(node === undefined ? { service } : { service, node });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopLookMs });
  for (const name of misnamed) registry.removeSingleMetric(name);
  observeEventLoop(registry);
  return registry;
}

/** Whoever asks sooner is told the last figure: several may ask, and a moment's share says nothing. */
const sampleMsMin = 1_000;

/** How much of the time the event loop worked instead of waiting, and how late it ran what was due, since it was last told. */
function observeEventLoop(registry: Registry): void {
  let before = performance.eventLoopUtilization();
  let sinceMs = performance.now();
  new Gauge({
    name: "rookery_event_loop_utilization",
    help: "Share of the time in which the event loop was at work; 1 is all of it",
    registers: [registry],
    collect() {
      if (performance.now() - sinceMs < sampleMsMin) return;
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
      sinceMs = performance.now();
    },
  });
  const between = registry.getSingleMetric("nodejs_eventloop_lag_p99_seconds") as Gauge;
  let toldMs = performance.now();
  new Gauge({
    name: "rookery_event_loop_delay_seconds",
    help: "How late the event loop ran what was due, 99th percentile",
    registers: [registry],
    async collect() {
      if (performance.now() - toldMs < sampleMsMin) return;
      toldMs = performance.now();
      const [told] = (await between.get()).values;
      this.set(Math.max(0, (told?.value ?? 0) - loopLookMs / 1_000));
    },
  });
}
