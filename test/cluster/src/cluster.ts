/** The cluster of a test file: a fixed port, so that clients find it again, and few shards, so that it starts quickly. */
import { type Cluster as Started, type ClusterOptions, startCluster } from "@rookery/kit";
import { freePorts } from "./launch.ts";

export interface Cluster extends Started {
  /** The first edge. */
  readonly base: string;
}

/** Sockets that a test leaves open do not hold up a stop for longer. */
const drainMs = 1_000;

/** Starts a cluster with one process of each kind, unless told otherwise. `close` removes its folder. */
export async function openCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const port = await freePorts(options.edges ?? 1);
  const cluster = await startCluster({
    shards: 8,
    port,
    ...options,
    env: { DRAIN_MS: String(drainMs), ...options.env },
  });
  const close = cluster.close.bind(cluster);
  // Not a copy: what the cluster says of itself changes with restarts.
  return Object.defineProperties(cluster as Cluster, {
    base: { value: `http://127.0.0.1:${port}` },
    close: {
      async value() {
        if (process.env["CLUSTER_LOG"] === "1") process.stderr.write(cluster.log());
        await close();
      },
    },
  });
}
