import { createHash, randomUUID } from "node:crypto";
import { createRoute, z } from "@hono/zod-openapi";
import {
  Fault,
  webhookDeliveryId,
  type UserId,
  type WebhookDelivery,
  type WebhookType,
} from "@rookery/protocol";
import {
  type DeliveryRow,
  type EndpointRow,
  inTransaction,
  insertDelivery,
  listDeliveries,
  readAttempts,
  readDelivery,
  readEndpoint,
  recoverDeliveries,
  replayDelivery,
  type Store,
} from "@rookery/store";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { readDeliveryCursor, writeDeliveryCursor } from "../cursor.ts";
import { openNeeds } from "../needs.ts";
import { json, page, problem } from "../schema.ts";
import {
  idempotencyHeaders,
  idInPath,
  limitInQuery,
  omittable,
  position,
  positionInQuery,
} from "../validation.ts";

/** Attempts told of one delivery: the last ones. */
const attemptsTold = 200;
/** Sent again by one request; the next one takes up what is left. */
const recoveredMax = 200_000;

const deliveryFields = {
  id: z.string().describe("The header webhook-id"),
  endpointId: z.int(),
  type: z.string(),
  chatId: z.int().nullable(),
  status: z.enum(["pending", "delivered", "dead"]),
  attemptCount: z.int(),
  nextAttemptAt: z.int().nullable().describe("Of what is pending"),
  lastStatus: z.int().nullable().describe("The HTTP status of the last attempt; null: there was no answer"),
  lastError: z.string().nullable(),
  createdAt: z.int(),
  doneAt: z.int().nullable(),
};
const deliverySchema = z.object(deliveryFields).openapi("Delivery");
const wholeSchema = z
  .object({
    ...deliveryFields,
    payload: z.string().describe("The body, to the byte"),
    attempts: z.array(
      z.object({
        n: z.int(),
        at: z.int(),
        latencyMs: z.int(),
        status: z.int().nullable(),
        error: z.string().nullable(),
        response: z.string().nullable().describe("Its first 20,000 bytes"),
      }),
    ),
  })
  .openapi("DeliveryWithAttempts");
const deliveryId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,200}$/, "names no delivery")
  .openapi({ example: "msg_1_5m7" });

/** What became of each event that was sent, and sending it again. */
export function registerDeliveryRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, now, jobWakes } = context;
  const needs = openNeeds(context)("webhooks:manage");
  const params = z.object({ id: idInPath });
  const place = z.object({ id: deliveryId });

  const list = createRoute({
    method: "get",
    path: "/v1/webhooks/{id}/deliveries",
    summary: "What was sent to an endpoint, or is to be, the newest first",
    ...needs,
    request: {
      params,
      query: z.object({
        status: z
          .enum(["pending", "delivered", "dead", "failed"])
          .optional()
          .describe("failed: dead, or tried without success so far"),
        since: positionInQuery.optional(),
        limit: limitInQuery,
        cursor: z.string().optional(),
      }),
    },
    responses: { 200: json(page(deliverySchema), "A page of deliveries"), default: problem },
  });
  app.openapi(list, async (c) => {
    const { status = null, since = 0, limit, cursor } = c.req.valid("query");
    const before = readDeliveryCursor(cursor);
    const endpoint = await demandEndpoint(store, c.get("principal").userId, c.req.valid("param").id);
    const asked = { endpointId: endpoint.id, status, sinceMs: since };
    const rows = await listDeliveries(store, asked, { before, limit });
    const nextCursor = writeDeliveryCursor(rows.at(-1), rows.length === limit);
    return c.json({ items: rows.map(viewDelivery), nextCursor }, 200);
  });

  const read = createRoute({
    method: "get",
    path: "/v1/deliveries/{id}",
    summary: "A delivery with its body and every attempt",
    ...needs,
    request: { params: place },
    responses: { 200: json(wholeSchema, "The delivery"), default: problem },
  });
  app.openapi(read, async (c) => {
    const row = await demandDelivery(store, c.get("principal").userId, c.req.valid("param").id);
    const attempts = await readAttempts(store, row.id, attemptsTold);
    const told = attempts.map(({ atMs, ...rest }) => ({ ...rest, at: atMs }));
    return c.json({ ...viewDelivery(row), payload: row.payload, attempts: told }, 200);
  });

  const replay = createRoute({
    method: "post",
    path: "/v1/deliveries/{id}/replay",
    summary: "Sends it again, under the same webhook-id, with all its attempts",
    ...needs,
    request: { params: place },
    responses: { 202: json(deliverySchema, "It is under way"), 409: problem, default: problem },
  });
  app.openapi(replay, async (c) => {
    const { userId } = c.get("principal");
    const { id } = c.req.valid("param");
    const before = await demandDelivery(store, userId, id);
    if (!before.isEnabled) throw isDisabled();
    await replayDelivery(store, id, now());
    const row = await demandDelivery(store, userId, id);
    if (before.state !== "pending") jobWakes.tell(jobOf(row));
    return c.json(viewDelivery(row), 202);
  });

  const recover = createRoute({
    method: "post",
    path: "/v1/webhooks/{id}/recover",
    summary: "Sends again what is dead, or everything, of a time",
    ...needs,
    request: {
      params,
      body: {
        required: true,
        content: {
          "application/json": {
            schema: z.object({
              since: position.describe("Of what happened since, in ms of the epoch"),
              until: omittable(position).describe("Until now unless said"),
              delivered: omittable(z.boolean()).describe("What was delivered too"),
            }),
          },
        },
      },
    },
    responses: {
      202: json(
        z.object({ count: z.int(), more: z.boolean().describe("Ask again for the rest") }),
        "So many are under way again",
      ),
      409: problem,
      default: problem,
    },
  });
  app.openapi(recover, async (c) => {
    const { since, until = now(), delivered = false } = c.req.valid("json");
    const endpoint = await demandEndpoint(store, c.get("principal").userId, c.req.valid("param").id);
    if (endpoint.status === "disabled") throw isDisabled();
    const asked = { endpointId: endpoint.id, sinceMs: since, untilMs: until, delivered, limit: recoveredMax };
    const count = await recoverDeliveries(store, asked, now);
    return c.json({ count, more: count >= recoveredMax }, 202);
  });

  const attempt = createRoute({
    method: "post",
    path: "/v1/webhooks/{id}/test",
    summary: "Sends an event of type endpoint.test there, the way all are sent",
    ...needs,
    request: { params, headers: idempotencyHeaders },
    responses: {
      202: json(deliverySchema, "It is under way"),
      200: json(deliverySchema, "The one an earlier request of this name made"),
      409: problem,
      default: problem,
    },
  });
  app.openapi(attempt, async (c) => {
    const { userId } = c.get("principal");
    const endpoint = await demandEndpoint(store, userId, c.req.valid("param").id);
    if (endpoint.status === "disabled") throw isDisabled();
    const made = testDelivery(endpoint, c.req.valid("header")["idempotency-key"] ?? randomUUID(), now());
    const isNew = await inTransaction(store, (db) => insertDelivery(db, made.delivery, made.payload));
    if (isNew) jobWakes.tell(made.delivery);
    const row = await demandDelivery(store, userId, made.delivery.id);
    return c.json(viewDelivery(row), isNew ? 202 : 200);
  });
}

/** Named by the request, so that a repeat is the same delivery. */
function testDelivery(
  { id: endpointId }: EndpointRow,
  name: string,
  nowMs: number,
): { readonly delivery: WebhookDelivery; readonly payload: string } {
  const eventId = `${endpointId}t${createHash("sha256").update(name).digest("hex").slice(0, 24)}`;
  const type = "endpoint.test";
  const id = webhookDeliveryId(endpointId, eventId);
  const at = { chatId: null, place: nowMs, sub: 0, createdMs: nowMs, nextMs: nowMs };
  return {
    delivery: { id, endpointId, eventId, type: type as WebhookType, ...at },
    payload: JSON.stringify({ type, timestamp: new Date(nowMs).toISOString(), data: { endpointId } }),
  };
}

async function demandEndpoint(store: Store, ownerId: UserId, id: number): Promise<EndpointRow> {
  const row = await readEndpoint(store, ownerId, id);
  if (row === null) throw new Fault("not_found", "there is no such endpoint");
  return row;
}

async function demandDelivery(store: Store, ownerId: UserId, id: string) {
  const row = await readDelivery(store, ownerId, id);
  if (row === null) throw new Fault("not_found", "there is no such delivery");
  return row;
}

function isDisabled(): Fault {
  return new Fault("conflict", "the endpoint is disabled; enable it first");
}

function viewDelivery(row: DeliveryRow): z.output<typeof deliverySchema> {
  return {
    id: row.id,
    endpointId: row.endpointId,
    type: row.type,
    chatId: row.chatId,
    status: row.state,
    attemptCount: row.attempts,
    nextAttemptAt: row.state === "pending" ? row.nextMs : null,
    lastStatus: row.status,
    lastError: row.error,
    createdAt: row.createdMs,
    doneAt: row.doneMs,
  };
}

function jobOf({
  id,
  endpointId,
  eventId,
  type,
  chatId,
  place,
  sub,
  createdMs,
  nextMs,
}: DeliveryRow): WebhookDelivery {
  return { id, endpointId, eventId, type: type as WebhookType, chatId, place, sub, createdMs, nextMs };
}
