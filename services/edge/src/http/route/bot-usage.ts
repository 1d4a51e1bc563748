import { createRoute, z } from "@hono/zod-openapi";
import { Fault } from "@rookery/protocol";
import { readBot, readUsage, type UsageRow } from "@rookery/store";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { openNeeds } from "../needs.ts";
import { problem, timeMs } from "../schema.ts";
import { idInPath, positionInQuery } from "../validation.ts";

const stepsMs = { hour: 3_600_000, day: 86_400_000 } as const;
/** When nothing is said: the last day by the hour, the last month by the day. */
const spansMs = { hour: 86_400_000, day: 31 * 86_400_000 } as const;
const rowsMax = 10_000;

const columns = ["from", "kind", "name", "count", "errors", "averageMs", "maxMs"] as const;
const usageSchema = z.object({
  /** The beginning of the hour or day, UTC. */
  from: timeMs,
  kind: z.enum(["command", "callback", "text", "other", "service", "flood"]),
  name: z.string(),
  count: z.int(),
  errors: z.int(),
  averageMs: z.int(),
  maxMs: z.int(),
});
const answer = z.object({ step: z.enum(["hour", "day"]), items: z.array(usageSchema) });

/** How a bot is used. */
export function registerBotUsageRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, now } = context;
  const needs = openNeeds(context);

  const usage = createRoute({
    method: "get",
    path: "/v1/bots/{id}/metrics",
    summary: "What people did with a bot, how long answers took and what failed, by hour or day; JSON or CSV",
    ...needs("bots:read"),
    request: {
      params: z.object({ id: idInPath }),
      query: z.object({
        from: positionInQuery.optional(),
        to: positionInQuery.optional(),
        step: z.enum(["hour", "day"]).default("hour"),
        format: z.enum(["json", "csv"]).default("json"),
      }),
    },
    responses: {
      200: {
        description: "The usage, the oldest first",
        content: { "application/json": { schema: answer }, "text/csv": { schema: z.string() } },
      },
      default: problem,
    },
  });
  app.openapi(usage, async (c) => {
    const { id } = c.req.valid("param");
    const { from, to = now() + 1, step, format } = c.req.valid("query");
    if ((await readBot(store, c.get("principal").userId, id)) === null) {
      throw new Fault("not_found", "there is no such bot");
    }
    const span = { fromMs: from ?? Math.max(0, to - spansMs[step]), toMs: to, stepMs: stepsMs[step] };
    const rows = await readUsage(store, id, span, rowsMax);
    const items = rows.map(toUsage);
    if (format === "json") return c.json({ step, items }, 200);
    const lines = [columns, ...items.map((item) => columns.map((column) => item[column]))];
    return c.body(lines.map((line) => `${line.join(",")}\r\n`).join(""), 200, {
      "content-type": "text/csv; charset=utf-8",
    });
  });
}

/** Names are commands' and services': nothing in them needs quotes. */
function toUsage({ fromMs, kind, ...row }: UsageRow) {
  return { from: fromMs, kind: kind as z.output<typeof usageSchema>["kind"], ...row };
}
