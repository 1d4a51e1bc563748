import { createRoute, z } from "@hono/zod-openapi";
import { Fault, idMax } from "@rookery/protocol";
import {
  audit,
  inTransaction,
  listSessions,
  lockSession,
  readCredential,
  type SessionRow,
  setPassword,
  wasDeleted,
} from "@rookery/store";
import { claimedSchema, passwordSchema } from "../../identity/account-schema.ts";
import { limitPassword } from "../../identity/auth-limit.ts";
import { presentedSchema, readPresentedToken } from "../../identity/presented-token.ts";
import type { RefreshCookie } from "../../identity/refresh-cookie.ts";
import { openSessionEnding } from "../../identity/session-ending.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import { identify } from "../identify.ts";
import { openNeeds } from "../needs.ts";
import { json, page, problem } from "../schema.ts";
import { idempotencyHeaders, idInPath, limitInQuery, readRequestName } from "../validation.ts";

const sessionSchema = z
  .object({
    id: z.int(),
    createdAt: z.int(),
    refreshedAt: z.int(),
    lastUsedAt: z.int().describe("Some seconds late"),
    expiresAt: z.int(),
    device: z.string().nullable().describe("What the client calls itself"),
    userAgent: z.string().nullable(),
    address: z.string().nullable().describe("Where it was used last"),
    current: z.boolean().describe("The one that asks"),
  })
  .openapi("Session");
const ended = { description: "Done" };

/** Sessions seen and ended, and the password, whose change ends the others. */
export function registerSessionRoutes(app: EdgeApp, context: EdgeContext, cookie: RefreshCookie): void {
  const { store, passwords, now } = context;
  const needs = openNeeds(context);
  const ending = openSessionEnding(context);

  const { middleware: open, ...told } = needs("public");
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/v1/auth/logout",
    summary: "Ends the sessions of the access token and of the refresh token, whichever is there",
    ...told,
    security: [{ bearer: [] }, { refreshCookie: [] }, {}],
    request: {
      headers: idempotencyHeaders,
      body: { required: false, content: { "application/json": { schema: presentedSchema } } },
    },
    responses: { 204: ended, 401: problem, 403: problem, default: problem },
  });
  app.post("/v1/auth/logout", open, async (c) => {
    readRequestName(c.req.header("idempotency-key"));
    const presented = await readPresentedToken(c, cookie);
    const session =
      presented === null ? null : await lockSession(store, context.refreshTokens.digest(presented.token));
    if (session !== null) await ending.endOne(c, session, "logout");
    const identity = await identify(context, c);
    if (identity.kind === "proved" && identity.principal.sessionId !== null) {
      const { userId, sessionId } = identity.principal;
      await ending.endOne(c, { userId, id: sessionId }, "logout");
    } else if (session === null && !(await ending.isRepeat(c, () => true))) {
      // Who holds a refresh token may leave though the access token is gone or has expired.
      throw identity.kind === "refused"
        ? identity.fault
        : new Fault("unauthorized", "an access token or a refresh token is needed");
    }
    cookie.clear(c);
    return c.body(null, 204);
  });

  const leaveAll = createRoute({
    method: "post",
    path: "/v1/auth/logout-all",
    summary: "Ends all sessions of the user",
    ...needs("session", async (c) => {
      const isRepeat = await ending.isRepeat(c, ({ reason }) => reason === "logout_all");
      if (isRepeat) cookie.clear(c);
      return isRepeat;
    }),
    request: { headers: idempotencyHeaders },
    responses: { 204: ended, default: problem },
  });
  app.openapi(leaveAll, async (c) => {
    const { userId } = c.get("principal");
    const ids = await inTransaction(store, (db) =>
      ending.endAll(db, c, { userId, keepId: null, reason: "logout_all" }),
    );
    ending.announce(ids);
    cookie.clear(c);
    return c.body(null, 204);
  });

  const list = createRoute({
    method: "get",
    path: "/v1/auth/sessions",
    summary: "The user's living sessions, newest first",
    ...needs("session"),
    request: { query: z.object({ limit: limitInQuery, cursor: z.string().optional() }) },
    responses: { 200: json(page(sessionSchema), "A page of sessions"), default: problem },
  });
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const { userId, sessionId } = c.get("principal");
    const beforeId = cursor === undefined ? idMax : readIdCursor(cursor);
    const sessions = await listSessions(store, userId, { nowMs: now(), beforeId, limit });
    const nextCursor = writeIdCursor(sessions.at(-1)?.id, sessions.length === limit);
    return c.json({ items: sessions.map((session) => viewSession(session, sessionId)), nextCursor }, 200);
  });

  const end = createRoute({
    method: "delete",
    path: "/v1/auth/sessions/{id}",
    summary: "Ends one of the user's sessions",
    ...needs("session", (c) => ending.isRepeat(c, ({ id }) => String(id) === c.req.param("id"))),
    request: { params: z.object({ id: idInPath }), headers: idempotencyHeaders },
    responses: { 204: ended, default: problem },
  });
  app.openapi(end, async (c) => {
    const { id } = c.req.valid("param");
    const { userId } = c.get("principal");
    if (await ending.endOne(c, { userId, id }, "revoked")) return c.body(null, 204);
    const isNamed = c.req.valid("header")["idempotency-key"] !== undefined;
    if (isNamed && (await wasDeleted(store, "session", { id, ownerId: userId }))) return c.body(null, 204);
    throw new Fault("not_found", "there is no such session");
  });

  const change = createRoute({
    method: "post",
    path: "/v1/auth/password",
    summary: "Changes the password; all other sessions end",
    ...needs("session"),
    request: {
      headers: idempotencyHeaders,
      body: {
        required: true,
        content: {
          "application/json": { schema: z.object({ old: claimedSchema, new: passwordSchema }) },
        },
      },
    },
    responses: { 204: ended, default: problem },
  });
  app.openapi(change, async (c) => {
    const asked = c.req.valid("json");
    const { userId, sessionId } = c.get("principal");
    // A stolen access token must not become a way to guess the password.
    await limitPassword(context, c, userId);
    const isNamed = c.req.valid("header")["idempotency-key"] !== undefined;
    /** A repeat finds its new password in place; who guesses by it learns no more than by the old one. */
    const isDone = async (): Promise<boolean> => {
      const credential = isNamed ? await readCredential(store, { kind: "id", id: userId }) : null;
      return credential !== null && (await passwords.verify(asked.new, credential.passwordHash));
    };
    const credential = await readCredential(store, { kind: "id", id: userId });
    const proven: boolean = await passwords.verify(asked.old, credential?.passwordHash);
    const place = { userId, sessionId, address: c.env.clientAddress, requestId: c.get("requestId") };
    if (!proven || credential === null) {
      if (await isDone()) return c.body(null, 204);
      await audit(store, { kind: "password_refused", atMs: now(), ...place });
      throw new Fault("bad_credentials", "the old password is wrong");
    }
    const hash = { old: credential.passwordHash, new: await passwords.hash(asked.new) };
    const ids = await inTransaction(store, async (db) => {
      if (!(await setPassword(db, userId, hash))) return null;
      await audit(db, { kind: "password_changed", atMs: now(), ...place });
      return await ending.endAll(db, c, { userId, keepId: sessionId, reason: "password" });
    });
    if (ids !== null) ending.announce(ids);
    else if (!(await isDone())) throw new Fault("conflict", "the password was just changed");
    return c.body(null, 204);
  });
}

function viewSession(session: SessionRow, currentId: number | null): z.output<typeof sessionSchema> {
  return {
    id: session.id,
    createdAt: session.createdMs,
    refreshedAt: session.refreshedMs,
    lastUsedAt: session.usedMs,
    expiresAt: session.expiresMs,
    device: session.device,
    userAgent: session.userAgent,
    address: session.address,
    current: session.id === currentId,
  };
}
