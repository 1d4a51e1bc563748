import { createHash, timingSafeEqual } from "node:crypto";

/** Who may read a process's metrics. */
export interface MetricsDoor {
  /** Bound to loopback, so that only this machine's people can ask. */
  readonly loopback: boolean;
  /** `METRICS_TOKEN` */
  readonly metricsToken: string | null;
}

/** Without a token set, only a process that nobody else can reach tells its metrics. `authorization` is the header. */
export function mayReadMetrics(door: MetricsDoor, authorization: string | undefined): boolean {
  if (door.metricsToken === null) return door.loopback;
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(door.metricsToken));
}

/** Whether what listens on this address is reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
