import { createRoute, z } from "@hono/zod-openapi";
import { permissions, type Principal, scopeRefusal, scopesCover } from "@rookery/auth";
import { Fault } from "@rookery/protocol";
import {
  type ApiKeyRow,
  audit,
  endApiKey,
  inTransaction,
  insertApiKey,
  listApiKeys,
  readApiKey,
  wasDeleted,
} from "@rookery/store";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import { openNeeds } from "../needs.ts";
import { RequestFault } from "../problem.ts";
import { json, page, problem } from "../schema.ts";
import { id, idempotencyHeaders, idInPath, limitInQuery, text } from "../validation.ts";

const scopesMax = 50;
const rateLimitMax = 1_000_000;

const scope = text({ bytesMax: 65 })
  .superRefine((value, check) => {
    const message = scopeRefusal(value);
    if (message !== undefined) check.addIssue({ code: "custom", message });
  })
  .openapi({ maxLength: 65, example: "messages:read" });
const draftSchema = z.object({
  name: text({ bytesMin: 1, bytesMax: 128 }),
  scopes: z
    .array(scope)
    .max(scopesMax)
    .describe(`${permissions.join(", ")}; resource:* for all of one, admin for all that its user may do`),
  expiresAt: id.nullish().describe("Unix milliseconds; absent: it does not end"),
  rateLimit: z
    .int()
    .min(1)
    .max(rateLimitMax)
    .nullish()
    .describe("Requests a minute; absent: those of its user"),
});

const keySchema = z
  .object({
    id: z.int(),
    name: z.string(),
    prefix: z.string().describe("The part of the key that may be shown"),
    scopes: z.array(z.string()),
    rateLimit: z.int().nullable(),
    createdAt: z.int(),
    expiresAt: z.int().nullable(),
    lastUsedAt: z.int().nullable().describe("Some seconds late"),
    revokedAt: z.int().nullable(),
    key: z.string().optional().describe("Told once, when it is made"),
  })
  .openapi("ApiKey");

/** Keys by which programs act for their user. A key is seen by its user alone, and its secret once. */
export function registerApiKeyRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, now, apiKeys, revocations } = context;
  const needs = openNeeds(context);
  const params = z.object({ id: idInPath });

  const create = createRoute({
    method: "post",
    path: "/v1/apikeys",
    summary: "A new key; the answer is the only place where it is told",
    ...needs("keys:manage"),
    request: {
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: draftSchema } } },
    },
    responses: {
      201: json(keySchema, "The key is made"),
      200: json(keySchema, "The key an earlier request of this name made, without its secret"),
      default: problem,
    },
  });
  app.openapi(create, async (c) => {
    const { name, scopes, expiresAt = null, rateLimit = null } = c.req.valid("json");
    const principal = c.get("principal");
    const nowMs = now();
    if (expiresAt !== null && expiresAt <= nowMs) {
      const message = "must be in the future";
      throw new RequestFault("invalid", `expiresAt ${message}`, [{ path: "expiresAt", message }]);
    }
    refuseMore(principal, scopes, expiresAt);
    const made = await apiKeys.create();
    const { row, created } = await inTransaction(store, async (db) => {
      const { prefix, digest } = made;
      const inserted = await insertApiKey(db, {
        userId: principal.userId,
        prefix,
        digest,
        name,
        scopes: [...new Set(scopes)],
        rateLimit,
        createdMs: nowMs,
        expiresMs: expiresAt,
        requestUuid: c.req.valid("header")["idempotency-key"] ?? null,
      });
      if (inserted.created) {
        await audit(db, {
          kind: "key_created",
          atMs: nowMs,
          userId: principal.userId,
          keyId: inserted.row.id,
          sessionId: principal.sessionId,
          address: c.env.clientAddress,
          requestId: c.get("requestId"),
        });
      }
      return inserted;
    });
    c.header("cache-control", "no-store");
    return created ? c.json({ ...viewKey(row), key: made.key }, 201) : c.json(viewKey(row), 200);
  });

  const list = createRoute({
    method: "get",
    path: "/v1/apikeys",
    summary: "One's keys, by id, revoked ones too",
    ...needs("keys:manage"),
    request: { query: z.object({ limit: limitInQuery, cursor: z.string().optional() }) },
    responses: { 200: json(page(keySchema), "A page of keys"), default: problem },
  });
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const afterId = readIdCursor(cursor);
    const rows = await listApiKeys(store, c.get("principal").userId, { afterId, limit });
    const nextCursor = writeIdCursor(rows.at(-1)?.id, rows.length === limit);
    return c.json({ items: rows.map(viewKey), nextCursor }, 200);
  });

  const read = createRoute({
    method: "get",
    path: "/v1/apikeys/{id}",
    summary: "One of one's keys",
    ...needs("keys:manage"),
    request: { params },
    responses: { 200: json(keySchema, "The key"), default: problem },
  });
  app.openapi(read, async (c) => {
    const row = await readApiKey(store, c.get("principal").userId, c.req.valid("param").id);
    if (row === null) throw noKey();
    return c.json(viewKey(row), 200);
  });

  /** Ends a key in Postgres, then on every edge. */
  const end = async (
    c: { get(name: "principal"): Principal; get(name: "requestId"): string; env: { clientAddress: string } },
    id: number,
    isDeleted: boolean,
  ): Promise<ApiKeyRow> => {
    const { userId, sessionId } = c.get("principal");
    const nowMs = now();
    const row = await inTransaction(store, async (db) => {
      const ended = await endApiKey(db, { id, userId, nowMs, isDeleted });
      if (ended === null) throw noKey();
      await audit(db, {
        kind: "key_revoked",
        atMs: nowMs,
        userId,
        keyId: id,
        sessionId,
        address: c.env.clientAddress,
        requestId: c.get("requestId"),
      });
      return ended;
    });
    revocations.announce({ keyIds: [id] });
    return row;
  };

  const revoke = createRoute({
    method: "post",
    path: "/v1/apikeys/{id}/revoke",
    summary: "Ends a key, for good, everywhere; it stays in the list",
    ...needs("keys:manage"),
    request: { params },
    responses: { 200: json(keySchema, "The key, revoked"), default: problem },
  });
  app.openapi(revoke, async (c) => c.json(viewKey(await end(c, c.req.valid("param").id, false)), 200));

  const remove = createRoute({
    method: "delete",
    path: "/v1/apikeys/{id}",
    summary: "Ends a key and takes it off the list",
    ...needs("keys:manage"),
    request: { params, headers: idempotencyHeaders },
    responses: { 204: { description: "It is gone" }, default: problem },
  });
  app.openapi(remove, async (c) => {
    const key = { id: c.req.valid("param").id, ownerId: c.get("principal").userId };
    const isNamed = c.req.valid("header")["idempotency-key"] !== undefined;
    if (!(isNamed && (await wasDeleted(store, "api_key", key)))) await end(c, key.id, true);
    return c.body(null, 204);
  });
}

/** A key may make keys, but none that does more or lives longer than itself. */
function refuseMore(
  { keyId, scopes: own, expiresMs }: Principal,
  scopes: readonly string[],
  expiresAt: number | null,
): void {
  if (keyId === null || own === null) return;
  const beyond = scopes.find((each) => !scopesCover(own, each));
  if (beyond !== undefined)
    throw new Fault("forbidden", `a key cannot give the scope ${beyond}, which it lacks`);
  if ((expiresAt ?? Number.POSITIVE_INFINITY) > expiresMs)
    throw new Fault("forbidden", "a key cannot make one that outlives it");
}

function viewKey(row: ApiKeyRow): z.output<typeof keySchema> {
  const { id, name, prefix, rateLimit } = row;
  return {
    id,
    name,
    prefix: `rk_${prefix}`,
    scopes: [...row.scopes],
    rateLimit,
    createdAt: row.createdMs,
    expiresAt: row.expiresMs,
    lastUsedAt: row.lastUsedMs,
    revokedAt: row.revokedMs,
  };
}

function noKey(): Fault {
  return new Fault("not_found", "there is no such key");
}
