import { createRoute, z } from "@hono/zod-openapi";
import { Fault } from "@rookery/protocol";
import { audit, insertUser, readCredential } from "@rookery/store";
import {
  claimedSchema,
  displayNameSchema,
  emailSchema,
  passwordSchema,
  usernameSchema,
} from "../../identity/account-schema.ts";
import { limitLogin, limitRegistration } from "../../identity/auth-limit.ts";
import { openGrant, renewGrant } from "../../identity/grant.ts";
import { presentedSchema, readPresentedToken } from "../../identity/presented-token.ts";
import { openRefreshCookie } from "../../identity/refresh-cookie.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { answerGrant, deviceSchema, grantAnswer, grantQuery, originOf } from "../grant-answer.ts";
import { openNeeds } from "../needs.ts";
import { problem } from "../schema.ts";
import { idempotencyHeaders } from "../validation.ts";
import { registerSessionRoutes } from "./session.ts";
import { registerTelegramLoginRoutes } from "./telegram-login.ts";

const registrationSchema = z.object({
  email: emailSchema,
  password: passwordSchema,
  username: usernameSchema.nullish(),
  displayName: displayNameSchema.nullish(),
  device: deviceSchema,
});

const loginSchema = z
  .object({
    email: claimedSchema.optional(),
    username: claimedSchema.optional(),
    password: claimedSchema,
    device: deviceSchema,
  })
  .refine(({ email, username }) => email !== undefined || username !== undefined, {
    message: "takes email or username",
    path: ["email"],
  });

/** Accounts made and sessions opened, renewed; `session.ts` ends them. */
export function registerAuthRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, passwords, now } = context;
  const cookie = openRefreshCookie(context);
  const needs = openNeeds(context);
  registerSessionRoutes(app, context, cookie);
  registerTelegramLoginRoutes(app, context, cookie);

  const register = createRoute({
    method: "post",
    path: "/v1/auth/register",
    summary: "A new account, logged in",
    ...needs("public"),
    request: {
      query: grantQuery,
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: registrationSchema } } },
    },
    responses: {
      201: grantAnswer("The account is made"),
      200: grantAnswer("A repeat under one Idempotency-Key: logged in again"),
      default: problem,
    },
  });
  app.openapi(register, async (c) => {
    const { email, password, username = null, displayName = null, device = null } = c.req.valid("json");
    const way = { kind: c.req.valid("query").refresh ?? "cookie", cookie } as const;
    const origin = originOf(c, device);
    const requestUuid = c.req.valid("header")["idempotency-key"];
    await limitRegistration(context, c, email);

    const before = await readCredential(store, { kind: "email", email });
    if (before !== null) {
      const repeated = requestUuid !== undefined && before.requestUuid === requestUuid;
      const proven = repeated && (await passwords.verify(password, before.passwordHash));
      if (!proven || before.disabledMs !== null) throw new Fault("email_taken");
      return c.json(answerGrant(c, await openGrant(context, before, origin, "login"), way), 200);
    }
    const user = await insertUser(store, {
      username,
      email,
      // Never made of the address, which is nobody else's business.
      displayName: displayName ?? username ?? "New user",
      passwordHash: await passwords.hash(password),
      role: "member",
      isBot: false,
      createdMs: now(),
      requestUuid,
    });
    return c.json(answerGrant(c, await openGrant(context, user, origin, "registered"), way), 201);
  });

  const login = createRoute({
    method: "post",
    path: "/v1/auth/login",
    summary: "Opens a session by password",
    ...needs("public"),
    request: {
      query: grantQuery,
      body: { required: true, content: { "application/json": { schema: loginSchema } } },
    },
    responses: { 200: grantAnswer("Logged in"), 401: problem, default: problem },
  });
  app.openapi(login, async (c) => {
    const { password, device = null, ...names } = c.req.valid("json");
    const named = loginOf(names);
    const credential = await readCredential(store, named);
    await limitLogin(context, c, named, credential?.id);
    // Unknown names take the same time and get the same answer, and so do accounts that are disabled.
    const proven: boolean = await passwords.verify(password, credential?.passwordHash);
    const origin = originOf(c, device);
    if (!proven || credential === null || credential.disabledMs !== null) {
      await audit(store, {
        kind: "login_failed",
        atMs: now(),
        // What was typed is not kept: it may be somebody's password.
        userId: credential?.id ?? null,
        address: origin.address,
        requestId: origin.requestId,
        detail: { disabled: credential !== null && credential.disabledMs !== null },
      });
      throw new Fault("bad_credentials");
    }
    const grant = await openGrant(context, credential, origin, "login");
    const kind = c.req.valid("query").refresh ?? "cookie";
    return c.json(answerGrant(c, grant, { kind, cookie }), 200);
  });

  const { middleware: open, ...told } = needs("public");
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/v1/auth/refresh",
    summary: "Renews a session by its refresh token, of the body or the cookie, which is spent by that",
    ...told,
    security: [{ refreshCookie: [] }, {}],
    request: {
      query: grantQuery,
      body: { required: false, content: { "application/json": { schema: presentedSchema } } },
    },
    responses: { 200: grantAnswer("Renewed"), 401: problem, 403: problem, default: problem },
  });
  app.post("/v1/auth/refresh", open, async (c) => {
    const presented = await readPresentedToken(c, cookie);
    if (presented === null) throw new Fault("unauthorized", "a refresh token is needed");
    try {
      const grant = await renewGrant(context, presented.token, originOf(c));
      const kind = c.req.query("refresh") === "body" ? "body" : presented.from;
      return c.json(answerGrant(c, grant, { kind, cookie }), 200);
    } catch (error) {
      // A cookie that can never be used again would be sent with every further try.
      if (error instanceof Fault && presented.from === "cookie") cookie.clear(c);
      throw error;
    }
  });
}

function loginOf(names: { email?: string | undefined; username?: string | undefined }) {
  return names.email === undefined
    ? ({ kind: "username", username: names.username ?? "" } as const)
    : ({ kind: "email", email: names.email } as const);
}
