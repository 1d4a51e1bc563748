import { Counter, Gauge, type Registry } from "@rookery/runtime";
import type { Bus } from "./bus.ts";

/** Shows the state of the way to NATS. */
export function observeBus(bus: Bus, metrics: Registry): void {
  new Gauge({
    name: "rookery_nats_up",
    help: "Whether this process is connected to NATS",
    registers: [metrics],
    collect() {
      this.set(bus.connected ? 1 : 0);
    },
  });
  const count = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers: [metrics],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  count("rookery_nats_disconnects_total", "Connections to NATS lost", () => bus.stats.disconnects);
  count(
    "rookery_nats_dropped_publishes_total",
    "Messages of core NATS not sent, for want of a connection or of room",
    () => bus.stats.droppedPublishes,
  );
  count("rookery_nats_server_errors_total", "Errors the NATS server told", () => bus.stats.serverErrors);
}
