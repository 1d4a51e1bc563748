import { z } from "@hono/zod-openapi";
import { Fault } from "@rookery/protocol";
import { checkReadiness, mayReadMetrics } from "@rookery/runtime";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { openNeeds } from "../needs.ts";
import { json, problem, timeMs } from "../schema.ts";

const missingSchema = z.array(z.string()).describe("What is not there: postgres, nats, redis, draining");
const liveSchema = z.object({ status: z.literal("ok") });
const readySchema = z.object({ status: z.enum(["ready", "not_ready"]), missing: missingSchema });
const healthSchema = z.object({
  status: z.enum(["ok", "degraded"]),
  missing: missingSchema,
  version: z.string(),
  upMs: z.int(),
  serverTime: timeMs,
});

/** For supervisors, load balancers and Prometheus. */
export function registerHealthRoutes(app: EdgeApp, context: EdgeContext): void {
  const { config, metrics, now } = context;
  const startedMs = now();
  const { middleware: open, ...said } = openNeeds(context)("public");
  const describe = app.openAPIRegistry.registerPath.bind(app.openAPIRegistry);

  describe({
    method: "get",
    path: "/health/live",
    summary: "Whether the process runs",
    ...said,
    responses: { 200: json(liveSchema, "It does"), default: problem },
  });
  app.get("/health/live", open, (c) => c.json({ status: "ok" }));

  const unready = json(readySchema, "Not now, and why; or a problem document when too many ask at once");
  describe({
    method: "get",
    path: "/health/ready",
    summary: "Whether requests should be sent here",
    ...said,
    responses: {
      200: json(readySchema, "They should"),
      503: { ...unready, content: { ...unready.content, ...problem.content } },
      default: problem,
    },
  });
  app.get("/health/ready", open, async (c) => {
    const missing = await checkReadiness(context);
    if (missing.length === 0) return c.json({ status: "ready", missing });
    return c.json({ status: "not_ready", missing }, 503, { "retry-after": "1" });
  });

  describe({
    method: "get",
    path: "/v1/health",
    summary: "How the cluster is, seen from here",
    ...said,
    responses: { 200: json(healthSchema, "How it is"), default: problem },
  });
  app.get("/v1/health", open, async (c) => {
    const missing = await checkReadiness(context);
    return c.json({
      status: missing.length === 0 ? "ok" : "degraded",
      missing,
      version: config.version,
      upMs: now() - startedMs,
      serverTime: now(),
    });
  });

  describe({
    method: "get",
    path: "/metrics",
    summary: "For Prometheus",
    ...said,
    security: [{}, { metricsToken: [] }],
    responses: {
      200: { description: "Its text format", content: { "text/plain": { schema: { type: "string" } } } },
      401: problem,
      default: problem,
    },
  });
  app.get("/metrics", open, async (c) => {
    if (!mayReadMetrics(config, c.req.header("authorization")))
      throw new Fault("unauthorized", "METRICS_TOKEN is needed as a bearer token");
    return c.body(await (context.clusterMetrics?.() ?? metrics.metrics()), 200, {
      "content-type": metrics.contentType,
    });
  });
}
