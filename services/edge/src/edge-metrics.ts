import { Counter, Gauge, Histogram, type Registry } from "@rookery/runtime";

/** What an edge counts of its own (CONTRACT §6). */
export interface EdgeMetrics {
  /** A message of that time of the log was written to sockets. */
  observeDelivery(sinceMs: number): void;
  /** A message that came in here was committed. */
  observeSent(): void;
  /** Something of an owner deposed before was not listened to (L2). */
  observeStale(): void;
}

export function openEdgeMetrics(
  metrics: Registry,
  sockets: () => { readonly connections: ReadonlySet<object> },
): EdgeMetrics {
  const registers = [metrics];
  const delivery = new Histogram({
    name: "rookery_delivery_duration_seconds",
    help: "From the log's time of a message to its writing to the sockets of this edge",
    buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const sent = new Counter({
    name: "rookery_messages_sent_total",
    help: "Messages that came in by this edge and were committed",
    registers,
  });
  const stale = new Counter({
    name: "rookery_stale_releases_total",
    help: "Releases of deposed owners that this edge did not listen to",
    registers,
  });
  new Gauge({
    name: "rookery_ws_connections",
    help: "Open WebSockets",
    registers,
    collect() {
      this.set(sockets().connections.size);
    },
  });
  return {
    observeDelivery: (sinceMs) => delivery.observe(Math.max(0, Date.now() - sinceMs) / 1_000),
    observeSent: () => sent.inc(),
    observeStale: () => stale.inc(),
  };
}
