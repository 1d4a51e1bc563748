import { createHash, timingSafeEqual } from "node:crypto";
import { Fault } from "@rookery/protocol";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { checkReadiness } from "../readiness.ts";

/** For supervisors, load balancers and Prometheus. */
export function registerHealthRoutes(app: EdgeApp, context: EdgeContext): void {
  const { config, metrics, now } = context;
  const startedMs = now();

  app.get("/health/live", (c) => c.json({ status: "ok" }));

  app.get("/health/ready", async (c) => {
    const missing = await checkReadiness(context);
    if (missing.length === 0) return c.json({ status: "ready", missing });
    return c.json({ status: "not_ready", missing }, 503, { "retry-after": "1" });
  });

  app.get("/v1/health", async (c) => {
    const missing = await checkReadiness(context);
    return c.json({
      status: missing.length === 0 ? "ok" : "degraded",
      missing,
      version: config.version,
      upMs: now() - startedMs,
      serverTime: now(),
    });
  });

  app.get("/metrics", async (c) => {
    const given = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (!mayReadMetrics(config, given))
      throw new Fault("unauthorized", "METRICS_TOKEN is needed as a bearer token");
    return c.body(await metrics.metrics(), 200, { "content-type": metrics.contentType });
  });
}

/** Without a token set, only an edge that nobody else can reach tells its metrics. */
function mayReadMetrics(config: EdgeContext["config"], given: string | undefined): boolean {
  if (config.metricsToken === null) return config.loopback;
  return given !== undefined && timingSafeEqual(digest(given), digest(config.metricsToken));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
