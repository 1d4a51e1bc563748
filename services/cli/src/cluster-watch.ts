/** What the processes of a cluster say of themselves, heard by somebody who is none of them. */
import { type Bus, type Role, SILENT_MS_MAX } from "@rookery/bus";
import { type EdgeLoad, type Heartbeat, parseInternal, subjects, type WorkerStatus } from "@rookery/protocol";

export interface HeardProcess {
  readonly role: Role;
  readonly id: string;
  /** It gives back what it has, or is not fit to hold it. */
  readonly leaving: boolean;
  /** How late its event loop was lately; null while it has not said. */
  readonly delayMs: number | null;
}

export interface ClusterWatch {
  /** Whoever's last heartbeat is young enough. */
  processes(): readonly HeardProcess[];
  /** Messages of the log a shard has not applied; null when its owner of that epoch has not said so. */
  readonly lagOf: (shard: number, epoch: number) => number | null;
  /** How many sockets an edge holds; null when it has not said so. */
  readonly socketsOf: (edge: string) => number | null;
  close(): void;
}

export function watchCluster(bus: Bus): ClusterWatch {
  const processes = new Map<string, HeardProcess & { readonly atMs: number }>();
  const lags = new Map<number, { readonly epoch: number; readonly lag: number }>();
  const sockets = new Map<string, number>();
  const subscriptions = [
    bus.subscribe(subjects.live, ({ bytes }) => {
      const { role, id, leaving, delayMs = null } = parseInternal<Heartbeat>(bytes);
      processes.set(id, { role, id, leaving, delayMs, atMs: performance.now() });
    }),
    bus.subscribe(subjects.status, ({ bytes }) => {
      for (const { shard, epoch, lag } of parseInternal<WorkerStatus>(bytes).shards) {
        if (epoch >= (lags.get(shard)?.epoch ?? 0)) lags.set(shard, { epoch, lag });
      }
    }),
    bus.subscribe(subjects.edgeLoad, ({ bytes }) => {
      const load = parseInternal<EdgeLoad>(bytes);
      sockets.set(load.edge, load.sockets);
    }),
  ];
  return {
    processes() {
      const fromMs = performance.now() - SILENT_MS_MAX;
      const heard = [...processes.values()].filter(({ atMs }) => atMs >= fromMs);
      return heard.map(({ role, id, leaving, delayMs }) => ({ role, id, leaving, delayMs }));
    },
    lagOf: (shard, epoch) => {
      const found = lags.get(shard);
      return found?.epoch === epoch ? found.lag : null;
    },
    socketsOf: (edge) => sockets.get(edge) ?? null,
    close() {
      for (const subscription of subscriptions) subscription.close();
    },
  };
}
