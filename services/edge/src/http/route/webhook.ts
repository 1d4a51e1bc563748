import { createRoute, z } from "@hono/zod-openapi";
import { Fault, webhookScopes, webhookTypes } from "@rookery/protocol";
import {
  audit,
  type AuditKind,
  countEndpoints,
  deleteEndpoint,
  enableEndpoint,
  type EndpointRow,
  type EndpointSecretRow,
  type EndpointSettings,
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
import { attemptsMax, type RetrySetting, waitMsMax } from "@rookery/webhook";
import { demandEndpoint } from "../../webhook/endpoint-rights.ts";
import { makeEndpointSecrets, retellSecrets, rotateEndpointSecrets } from "../../webhook/endpoint-secrets.ts";
import type { EdgeApp, EdgeContext, EdgeEnv } from "../context.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import { openNeeds } from "../needs.ts";
import { RequestFault } from "../problem.ts";
import { json, page, problem } from "../schema.ts";
import { id, idempotencyHeaders, idInPath, limitInQuery, omittable, text } from "../validation.ts";

/** Of one owner. */
const endpointsMax = 1_000;
const rateLimitMax = 10_000;
const concurrencyMax = 100;
const timeoutMsDefault = 15_000;
const graceMsDefault = 24 * 60 * 60 * 1_000;
const graceMsMax = 7 * graceMsDefault;
/** Secrets that may sign at once, of one kind: each adds to every header. */
const secretsMax = 5;

const retrySchema = z
  .object({
    schedule: z.union([
      z.enum(["default", "standard"]),
      z.array(z.int().min(0).max(waitMsMax)).min(1).max(attemptsMax),
    ]),
    attempts: omittable(z.int().min(1).max(attemptsMax)).describe("Of default only"),
  })
  .describe(
    "default: 1 s doubling to 30 min, ±20 %, 5 attempts; standard: 10 attempts in 75 hours; or the waits in milliseconds",
  );
const signatures = z
  .array(z.enum(["v1", "v1a"]))
  .min(1)
  .max(2)
  .describe("v1: HMAC-SHA256 by a secret; v1a: ed25519 by a key whose public half is told");
const changeable = {
  url: text({ bytesMin: 1, bytesMax: 2_048 }).openapi({ example: "https://example.com/hook" }),
  scope: z.enum(webhookScopes),
  chatId: id.nullish(),
  botId: id.nullish(),
  events: z.array(z.enum(webhookTypes)).min(1).max(webhookTypes.length).nullish(),
  fifo: z.boolean(),
  rateLimit: z.int().min(1).max(rateLimitMax).nullish().describe("Attempts a second"),
  concurrency: z.int().min(1).max(concurrencyMax).nullish().describe("Attempts at once"),
  timeoutMs: z.int().min(1_000).max(30_000),
  retry: retrySchema.nullish(),
};
const draftSchema = z
  .object({
    ...changeable,
    fifo: omittable(changeable.fifo).describe("Of each chat one at a time, in its order"),
    timeoutMs: omittable(changeable.timeoutMs),
    signatures: omittable(signatures),
  })
  .openapi({ example: { url: "https://example.com/hook", scope: "chat", chatId: 1 } });
const changeSchema = z.object(changeable).partial();

const endpointSchema = z
  .object({
    id: z.int(),
    url: z.string(),
    scope: z.enum(webhookScopes),
    chatId: z.int().nullable(),
    botId: z.int().nullable(),
    events: z.array(z.enum(webhookTypes)).nullable().describe("Null: all of its scope"),
    fifo: z.boolean(),
    rateLimit: z.int().nullable(),
    concurrency: z.int().nullable(),
    timeoutMs: z.int(),
    retry: z.union([retrySchema, z.null()]),
    status: z.enum(["enabled", "disabled"]),
    disabledReason: z.string().nullable(),
    disabledAt: z.int().nullable(),
    failingSince: z.int().nullable().describe("Since when no attempt has succeeded"),
    secrets: z.array(
      z.object({
        id: z.int(),
        kind: z.enum(["v1", "v1a"]),
        publicKey: z.string().nullable().describe("Of v1a: whpk_…"),
        createdAt: z.int(),
        expiresAt: z.int().nullable(),
      }),
    ),
    createdAt: z.int(),
    secret: omittable(z.string()).describe("whsec_…, told once, when it is made"),
    publicKey: omittable(z.string()).describe("whpk_… of the key just made"),
  })
  .openapi("Webhook");

type Changed = z.output<typeof changeSchema>;
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

const newSettings = {
  chatId: null,
  botId: null,
  events: null,
  fifo: false,
  rateLimit: null,
  concurrency: null,
  timeoutMs: timeoutMsDefault,
  retry: null,
};

/** What was said, without what was left out. */
function settled<T extends Changed>(said: T): T {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as T;
}

/** @throws RequestFault naming the field. */
function checked(
  { addresses }: Pick<EdgeContext, "addresses">,
  { url, scope, chatId, botId, ...rest }: Record<keyof EndpointSettings, unknown>,
): EndpointSettings {
  const settings = { url, scope, chatId, botId, ...rest } as EndpointSettings;
  const about = settings.scope === "chat" ? "chatId" : settings.scope === "all" ? null : "botId";
  if (about !== null && settings[about] === null) refuse(about, `the scope ${settings.scope} needs it`);
  const refusal = addresses.refusalOf(settings.url);
  if (refusal !== null) refuse("url", refusal);
  const retry = settings.retry as RetrySetting | null;
  if (retry?.attempts !== undefined && retry.schedule !== "default") {
    refuse("retry.attempts", "is of the schedule default only");
  }
  return {
    ...settings,
    chatId: about === "chatId" ? settings.chatId : null,
    botId: about === "botId" ? settings.botId : null,
    events: settings.events === null ? null : [...new Set(settings.events)],
  };
}

function refuse(path: string, message: string): never {
  throw new RequestFault("invalid", `the body is not valid: ${path} ${message}`, [{ path, message }]);
}

function viewEndpoint(
  row: EndpointRow,
  secrets: readonly EndpointSecretRow[],
): z.output<typeof endpointSchema> {
  const {
    ownerId: _,
    version: _version,
    disabledMs,
    failingSinceMs,
    createdMs,
    events,
    retry,
    ...rest
  } = row;
  return {
    ...rest,
    events: events === null ? null : [...events],
    retry: retry as z.output<typeof retrySchema> | null,
    disabledAt: disabledMs,
    failingSince: failingSinceMs,
    createdAt: createdMs,
    secrets: secrets.map((each) => ({
      id: each.id,
      kind: each.kind,
      publicKey: each.public,
      createdAt: each.createdMs,
      expiresAt: each.expiresMs,
    })),
  };
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
