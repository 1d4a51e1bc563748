import { createRoute, z } from "@hono/zod-openapi";
import { Fault } from "@rookery/protocol";
import { insertUser, readCredential } from "@rookery/store";
import type { Context } from "hono";
import {
  claimedSchema,
  displayNameSchema,
  emailSchema,
  passwordSchema,
  usernameSchema,
} from "../../identity/account-schema.ts";
import { limitAddress, limitLogin, limitRegistration } from "../../identity/auth-limit.ts";
import { type Grant, openGrant, renewGrant } from "../../identity/grant.ts";
import { presentedSchema, readPresentedToken } from "../../identity/presented-token.ts";
import { openRefreshCookie } from "../../identity/refresh-cookie.ts";
import { userSchema, viewSelf } from "../../identity/user-view.ts";
import type { EdgeApp, EdgeContext, EdgeEnv } from "../context.ts";
import { json, problem } from "../schema.ts";
import { idempotencyHeaders } from "../validation.ts";
import { registerSessionRoutes } from "./session.ts";

const registrationSchema = z.object({
  email: emailSchema,
  password: passwordSchema,
  username: usernameSchema.nullish(),
  displayName: displayNameSchema.nullish(),
});

const loginSchema = z
  .object({
    email: claimedSchema.optional(),
    username: claimedSchema.optional(),
    password: claimedSchema,
  })
  .refine(({ email, username }) => email !== undefined || username !== undefined, {
    message: "takes email or username",
    path: ["email"],
  });

const grantSchema = z
  .object({
    user: userSchema,
    accessToken: z.string(),
    tokenType: z.literal("Bearer"),
    expiresIn: z.int().describe("Seconds"),
    refreshToken: z.string().optional().describe("Only when asked for; else a cookie holds it"),
  })
  .openapi("Grant");
const grantQuery = z.object({ refresh: z.literal("body").optional() });

/** Accounts made and sessions opened, renewed; `session.ts` ends them. */
export function registerAuthRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, passwords, now } = context;
  const cookie = openRefreshCookie(context.config);
  registerSessionRoutes(app, context, cookie);

  function tell(c: Context<EdgeEnv>, grant: Grant, way: "body" | "cookie"): z.output<typeof grantSchema> {
    c.header("cache-control", "no-store");
    if (way === "cookie") cookie.write(c, grant.refreshToken);
    return {
      user: viewSelf(grant.user),
      accessToken: grant.accessToken,
      tokenType: "Bearer",
      expiresIn: grant.expiresSec,
      ...(way === "body" ? { refreshToken: grant.refreshToken } : {}),
    };
  }

  const register = createRoute({
    method: "post",
    path: "/v1/auth/register",
    summary: "A new account, logged in",
    request: {
      query: grantQuery,
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: registrationSchema } } },
    },
    responses: {
      201: json(grantSchema, "The account is made"),
      200: json(grantSchema, "A repeat under one Idempotency-Key: logged in again"),
      default: problem,
    },
  });
  app.openapi(register, async (c) => {
    const { email, password, username = null, displayName = null } = c.req.valid("json");
    const way = c.req.valid("query").refresh ?? "cookie";
    const requestUuid = c.req.valid("header")["idempotency-key"];
    await limitAddress(context, c);
    await limitRegistration(context, c, email);

    const before = await readCredential(store, { kind: "email", email });
    if (before !== null) {
      const repeated = requestUuid !== undefined && before.requestUuid === requestUuid;
      if (!repeated || !(await passwords.verify(password, before.passwordHash)))
        throw new Fault("email_taken");
      return c.json(tell(c, await openGrant(context, before, originOf(c)), way), 200);
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
    return c.json(tell(c, await openGrant(context, user, originOf(c)), way), 201);
  });

  const login = createRoute({
    method: "post",
    path: "/v1/auth/login",
    summary: "Opens a session by password",
    request: {
      query: grantQuery,
      body: { required: true, content: { "application/json": { schema: loginSchema } } },
    },
    responses: { 200: json(grantSchema, "Logged in"), default: problem },
  });
  app.openapi(login, async (c) => {
    const { password, ...names } = c.req.valid("json");
    await limitAddress(context, c);
    const named = loginOf(names);
    const credential = await readCredential(store, named);
    await limitLogin(context, c, named, credential?.id);
    // Unknown names take the same time and get the same answer.
    const proven: boolean = await passwords.verify(password, credential?.passwordHash);
    if (!proven || credential === null) throw new Fault("bad_credentials");
    const grant = await openGrant(context, credential, originOf(c));
    return c.json(tell(c, grant, c.req.valid("query").refresh ?? "cookie"), 200);
  });

  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/v1/auth/refresh",
    summary: "Renews a session by its refresh token, of the body or the cookie, which is spent by that",
    request: {
      query: grantQuery,
      body: { required: false, content: { "application/json": { schema: presentedSchema } } },
    },
    responses: { 200: json(grantSchema, "Renewed"), default: problem },
  });
  app.post("/v1/auth/refresh", async (c) => {
    const presented = await readPresentedToken(c, cookie);
    if (presented === null) throw new Fault("unauthorized", "a refresh token is needed");
    try {
      const grant = await renewGrant(context, presented.token);
      return c.json(tell(c, grant, c.req.query("refresh") === "body" ? "body" : presented.from), 200);
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

function originOf(c: Context<EdgeEnv>): { userAgent: string | null; address: string } {
  const userAgent = c.req.header("user-agent")?.slice(0, 256).toWellFormed() ?? null;
  return { userAgent, address: c.env.clientAddress };
}
