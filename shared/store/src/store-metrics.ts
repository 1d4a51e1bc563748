import { Gauge, type Registry } from "@rookery/runtime";
import type { Store } from "./pool.ts";

/** Shows the state of the pool of Postgres connections. */
export function observeStore(store: Store, metrics: Registry): void {
  new Gauge({
    name: "rookery_pool_connections",
    help: "Connections to Postgres, at work and idle",
    labelNames: ["state"],
    registers: [metrics],
    collect() {
      this.set({ state: "busy" }, store.totalCount - store.idleCount);
      this.set({ state: "idle" }, store.idleCount);
    },
  });
  new Gauge({
    name: "rookery_pool_waiting",
    help: "Queries that wait for a connection to Postgres",
    registers: [metrics],
    collect() {
      this.set(store.waitingCount);
    },
  });
}
