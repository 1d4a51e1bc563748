import { createRoute, z } from "@hono/zod-openapi";
import { Fault, idMax } from "@rookery/protocol";
import {
  endSession,
  endSessions,
  inTransaction,
  listSessions,
  lockSession,
  readCredential,
  type SessionRow,
  setPassword,
} from "@rookery/store";
import { claimedSchema, passwordSchema } from "../../identity/account-schema.ts";
import { limitPassword } from "../../identity/auth-limit.ts";
import { presentedSchema, readPresentedToken } from "../../identity/presented-token.ts";
import type { RefreshCookie } from "../../identity/refresh-cookie.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import { requireUser } from "../require-user.ts";
import { json, page, problem, security } from "../schema.ts";
import { idInPath, limitInQuery } from "../validation.ts";

const sessionSchema = z
  .object({
    id: z.int(),
    createdAt: z.int(),
    refreshedAt: z.int(),
    expiresAt: z.int(),
    userAgent: z.string().nullable(),
    address: z.string().nullable(),
    current: z.boolean().describe("The one that asks"),
  })
  .openapi("Session");
const ended = { description: "Done" };

/** Sessions seen and ended, and the password, whose change ends the others. */
export function registerSessionRoutes(app: EdgeApp, context: EdgeContext, cookie: RefreshCookie): void {
  const { store, passwords, now } = context;
  const user = requireUser(context);

  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/v1/auth/logout",
    summary: "Ends the sessions of the access token and of the refresh token, whichever is there",
    request: { body: { required: false, content: { "application/json": { schema: presentedSchema } } } },
    responses: { 204: ended, default: problem },
  });
  app.post("/v1/auth/logout", async (c) => {
    const presented = await readPresentedToken(c, cookie);
    const session =
      presented === null ? null : await lockSession(store, context.refreshTokens.digest(presented.token));
    if (session !== null) {
      await endSession(store, session.userId, session.id, { nowMs: now(), reason: "logout" });
    }
    try {
      await user(c, async () => {
        const { userId, sessionId } = c.get("principal");
        await endSession(store, userId, sessionId, { nowMs: now(), reason: "logout" });
      });
    } catch (error) {
      // Who holds a refresh token may leave though the access token is gone or has expired.
      if (session === null) throw error;
    }
    cookie.clear(c);
    return c.body(null, 204);
  });

  const leaveAll = createRoute({
    method: "post",
    path: "/v1/auth/logout-all",
    summary: "Ends all sessions of the user",
    security,
    middleware: user,
    responses: { 204: ended, default: problem },
  });
  app.openapi(leaveAll, async (c) => {
    await endSessions(store, c.get("principal").userId, null, { nowMs: now(), reason: "logout_all" });
    cookie.clear(c);
    return c.body(null, 204);
  });

  const list = createRoute({
    method: "get",
    path: "/v1/auth/sessions",
    summary: "The user's living sessions, newest first",
    security,
    middleware: user,
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
    security,
    middleware: user,
    request: { params: z.object({ id: idInPath }) },
    responses: { 204: ended, default: problem },
  });
  app.openapi(end, async (c) => {
    const { id } = c.req.valid("param");
    const { userId } = c.get("principal");
    if (!(await endSession(store, userId, id, { nowMs: now(), reason: "revoked" }))) {
      throw new Fault("not_found", "there is no such session");
    }
    return c.body(null, 204);
  });

  const change = createRoute({
    method: "post",
    path: "/v1/auth/password",
    summary: "Changes the password; all other sessions end",
    security,
    middleware: user,
    request: {
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
    const credential = await readCredential(store, { kind: "id", id: userId });
    const proven: boolean = await passwords.verify(asked.old, credential?.passwordHash);
    if (!proven || credential === null) throw new Fault("bad_credentials", "the old password is wrong");
    const hash = { old: credential.passwordHash, new: await passwords.hash(asked.new) };
    await inTransaction(store, async (db) => {
      if (!(await setPassword(db, userId, hash)))
        throw new Fault("conflict", "the password was just changed");
      await endSessions(db, userId, sessionId, { nowMs: now(), reason: "password" });
    });
    return c.body(null, 204);
  });
}

function viewSession(session: SessionRow, currentId: number): z.output<typeof sessionSchema> {
  return {
    id: session.id,
    createdAt: session.createdMs,
    refreshedAt: session.refreshedMs,
    expiresAt: session.expiresMs,
    userAgent: session.userAgent,
    address: session.address,
    current: session.id === currentId,
  };
}
