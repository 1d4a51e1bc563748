import { createRoute, z } from "@hono/zod-openapi";
import { Fault } from "@rookery/protocol";
import {
  audit,
  type AuditKind,
  countEndpoints,
  deleteEndpoint,
  enableEndpoint,
  type EndpointRow,
  inTransaction,
  insertEndpoint,
  listEndpoints,
  type Queryable,
  readEndpoint,
  readEndpointByRequest,
  readEndpointSecrets,
  touchEndpoint,
  updateEndpoint,
  wasDeleted,
} from "@rookery/store";
import {
  changeSchema,
  checked,
  draftSchema,
  endpointSchema,
  newSettings,
  settled,
  signatures,
  viewEndpoint,
} from "../../webhook/endpoint-body.ts";
import { demandEndpoint } from "../../webhook/endpoint-rights.ts";
import { makeEndpointSecrets, retellSecrets, rotateEndpointSecrets } from "../../webhook/endpoint-secrets.ts";
import type { EdgeApp, EdgeContext, EdgeEnv } from "../context.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import { openNeeds } from "../needs.ts";
import { json, page, problem } from "../schema.ts";
import { idempotencyHeaders, idInPath, limitInQuery, omittable } from "../validation.ts";

/** Of one owner. */
const endpointsMax = 1_000;
const graceMsDefault = 24 * 60 * 60 * 1_000;
const graceMsMax = 7 * graceMsDefault;
/** Secrets that may sign at once, of one kind: each adds to every header. */
const secretsMax = 5;

type Caller = Pick<EdgeEnv["Variables"], "principal" | "requestId"> & { readonly address: string };

/** Where events are sent. An endpoint is seen by its owner alone. */
export function registerWebhookRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, now, secrets } = context;
  const needs = openNeeds(context)("webhooks:manage");
  const params = z.object({ id: idInPath });

  const note = (db: Queryable, kind: AuditKind, endpointId: number, by: Caller): Promise<void> =>
    audit(db, {
      kind,
      atMs: now(),
      userId: by.principal.userId,
      sessionId: by.principal.sessionId,
      keyId: by.principal.keyId,
      address: by.address,
      requestId: by.requestId,
      detail: { endpointId },
    });
  const view = async (row: EndpointRow) =>
    viewEndpoint(row, await readEndpointSecrets(store, [row.id], now()));

  const list = createRoute({
    method: "get",
    path: "/v1/webhooks",
    summary: "One's endpoints, by id",
    ...needs,
    request: { query: z.object({ limit: limitInQuery, cursor: z.string().optional() }) },
    responses: { 200: json(page(endpointSchema), "A page of endpoints"), default: problem },
  });
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const asked = { after: readIdCursor(cursor), limit };
    const rows = await listEndpoints(store, c.get("principal").userId, asked);
    const known = await readEndpointSecrets(
      store,
      rows.map((row) => row.id),
      now(),
    );
    const of = Map.groupBy(known, ({ endpointId }) => endpointId);
    const items = rows.map((row) => viewEndpoint(row, of.get(row.id) ?? []));
    return c.json({ items, nextCursor: writeIdCursor(rows.at(-1)?.id, rows.length === limit) }, 200);
  });

  const create = createRoute({
    method: "post",
    path: "/v1/webhooks",
    summary: "A new endpoint; the answer is where its secret is told",
    ...needs,
    request: {
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: draftSchema } } },
    },
    responses: {
      201: json(endpointSchema, "The endpoint, with its secret"),
      200: json(endpointSchema, "The endpoint an earlier request of this name made"),
      404: problem,
      409: problem,
      default: problem,
    },
  });
  app.openapi(create, async (c) => {
    const { signatures: kinds = ["v1"], ...draft } = c.req.valid("json");
    const principal = c.get("principal");
    const ownerId = principal.userId;
    const requestUuid = c.req.valid("header")["idempotency-key"] ?? null;
    c.header("cache-control", "no-store");
    const earlier = requestUuid === null ? null : await readEndpointByRequest(store, ownerId, requestUuid);
    if (earlier !== null) {
      const known = await readEndpointSecrets(store, [earlier.id], now());
      const told = retellSecrets(known, secrets, requestUuid ?? "");
      return c.json({ ...viewEndpoint(earlier, known), ...told }, 200);
    }
    const settings = checked(context, { ...newSettings, ...settled(draft) });
    await demandEndpoint(context, principal, settings);
    const made = await inTransaction(store, async (db) => {
      if ((await countEndpoints(db, ownerId)) >= endpointsMax) {
        throw new Fault("conflict", `one may have at most ${endpointsMax} endpoints`);
      }
      const createdMs = now();
      const row = await insertEndpoint(db, { ownerId, requestUuid, createdMs }, settings);
      const of = { endpointId: row.id, createdMs, requestUuid };
      const told = await makeEndpointSecrets(db, secrets, kinds, of);
      await note(db, "endpoint_created", row.id, callerOf(c));
      return { row, told };
    });
    return c.json({ ...(await view(made.row)), ...made.told }, 201);
  });

  const read = createRoute({
    method: "get",
    path: "/v1/webhooks/{id}",
    summary: "One of one's endpoints",
    ...needs,
    request: { params },
    responses: { 200: json(endpointSchema, "The endpoint"), default: problem },
  });
  app.openapi(read, async (c) => {
    const row = await readEndpoint(store, c.get("principal").userId, c.req.valid("param").id);
    if (row === null) throw noEndpoint();
    return c.json(await view(row), 200);
  });

  const change = createRoute({
    method: "put",
    path: "/v1/webhooks/{id}",
    summary: "Changes an endpoint; what is left out stays, null is the default",
    ...needs,
    request: { params, body: { required: true, content: { "application/json": { schema: changeSchema } } } },
    responses: { 200: json(endpointSchema, "The endpoint"), default: problem },
  });
  app.openapi(change, async (c) => {
    const principal = c.get("principal");
    const key = { ownerId: principal.userId, id: c.req.valid("param").id };
    const before = await readEndpoint(store, key.ownerId, key.id);
    if (before === null) throw noEndpoint();
    const settings = checked(context, { ...before, ...settled(c.req.valid("json")) });
    await demandEndpoint(context, principal, settings);
    const row = await inTransaction(store, async (db) => {
      const changed = await updateEndpoint(db, key, settings);
      if (changed === null) throw noEndpoint();
      await note(db, "endpoint_changed", key.id, callerOf(c));
      return changed;
    });
    return c.json(await view(row), 200);
  });

  const rotate = createRoute({
    method: "post",
    path: "/v1/webhooks/{id}/rotate",
    summary: "Another secret; the old one signs beside it until the grace is over",
    ...needs,
    request: {
      params,
      headers: idempotencyHeaders,
      body: {
        required: false,
        content: {
          "application/json": {
            schema: z.object({
              graceMs: omittable(z.int().min(0).max(graceMsMax)).describe("24 hours unless said"),
              signatures: omittable(signatures).describe("The kinds that sign now unless said"),
            }),
          },
        },
      },
    },
    responses: {
      200: json(endpointSchema, "The endpoint, with its new secret"),
      409: problem,
      default: problem,
    },
  });
  app.openapi(rotate, async (c) => {
    const { graceMs = graceMsDefault, signatures: asked } = c.req.valid("json");
    const key = { ownerId: c.get("principal").userId, id: c.req.valid("param").id };
    const requestUuid = c.req.valid("header")["idempotency-key"] ?? null;
    c.header("cache-control", "no-store");
    const told = await inTransaction(store, async (db) => {
      if (!(await touchEndpoint(db, key.ownerId, key.id))) throw noEndpoint();
      const createdMs = now();
      const known = await readEndpointSecrets(db, [key.id], createdMs);
      if (requestUuid !== null && known.some((each) => each.requestUuid === requestUuid)) {
        return retellSecrets(known, secrets, requestUuid);
      }
      const kinds = asked ?? [...new Set(known.map(({ kind }) => kind))];
      for (const kind of kinds) {
        if (graceMs > 0 && known.filter((each) => each.kind === kind).length >= secretsMax) {
          throw new Fault("conflict", `${secretsMax} secrets sign already; wait, or give graceMs 0`);
        }
      }
      const of = { endpointId: key.id, createdMs, requestUuid, graceMs };
      const fresh = await rotateEndpointSecrets(db, secrets, kinds, of);
      await note(db, "endpoint_secret_changed", key.id, callerOf(c));
      return fresh;
    });
    const row = await readEndpoint(store, key.ownerId, key.id);
    if (row === null) throw noEndpoint();
    return c.json({ ...(await view(row)), ...told }, 200);
  });

  const enable = createRoute({
    method: "post",
    path: "/v1/webhooks/{id}/enable",
    summary: "Makes a disabled endpoint take events again",
    ...needs,
    request: { params },
    responses: { 200: json(endpointSchema, "The endpoint"), default: problem },
  });
  app.openapi(enable, async (c) => {
    const key = { ownerId: c.get("principal").userId, id: c.req.valid("param").id };
    const row = await inTransaction(store, async (db) => {
      const enabled = await enableEndpoint(db, key);
      if (enabled === null) throw noEndpoint();
      await note(db, "endpoint_enabled", key.id, callerOf(c));
      return enabled;
    });
    return c.json(await view(row), 200);
  });

  const remove = createRoute({
    method: "delete",
    path: "/v1/webhooks/{id}",
    summary: "Ends an endpoint: nothing that happens from now on is sent there",
    ...needs,
    request: { params, headers: idempotencyHeaders },
    responses: { 204: { description: "It is gone" }, default: problem },
  });
  app.openapi(remove, async (c) => {
    const key = { ownerId: c.get("principal").userId, id: c.req.valid("param").id };
    const isNamed = c.req.valid("header")["idempotency-key"] !== undefined;
    if (isNamed && (await wasDeleted(store, "webhook_endpoint", key))) return c.body(null, 204);
    await inTransaction(store, async (db) => {
      if (!(await deleteEndpoint(db, key, now()))) throw noEndpoint();
      await note(db, "endpoint_deleted", key.id, callerOf(c));
    });
    return c.body(null, 204);
  });
}

function callerOf(c: {
  get(name: "principal"): Caller["principal"];
  get(name: "requestId"): string;
  readonly env: { readonly clientAddress: string };
}): Caller {
  return { principal: c.get("principal"), requestId: c.get("requestId"), address: c.env.clientAddress };
}

function noEndpoint(): Fault {
  return new Fault("not_found", "there is no such endpoint");
}
