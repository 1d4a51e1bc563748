import { createRoute, z } from "@hono/zod-openapi";
import type { Principal } from "@rookery/auth";
import { type ChatRights, Fault } from "@rookery/protocol";
import { readRights } from "@rookery/store";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { openNeeds } from "../needs.ts";
import { json, problem } from "../schema.ts";
import { text } from "../validation.ts";

const token = text({ bytesMin: 1, bytesMax: 4_096 });
const name = text({ bytesMin: 1, bytesMax: 64 });
/** A single chat. */
const chatPattern = /^chat:([1-9]\d{0,15})$/;

/** What may be done to a single chat: the permission that this needs of whoever asks, and the right in that chat. */
const chatActions: ReadonlyMap<string, readonly [permission: string, right: keyof ChatRights]> = new Map([
  ["read", ["messages:read", "canRead"]],
  ["send", ["messages:write", "canSend"]],
  ["manage", ["chats:write", "canManage"]],
] as const);

/** Of RFC 7662, so its times are in seconds. What is not active is told nothing of. */
const introspected = z
  .object({
    active: z.boolean(),
    userId: z.int().optional(),
    roles: z.array(z.string()).optional(),
    scopes: z.array(z.string()).optional().describe("Of an access token: all that its user may do"),
    exp: z.int().nullable().optional().describe("Unix seconds; null: it does not end"),
  })
  .openapi("Introspection");

/** For services that are handed a token or key of ours: whose it is, and what it may be used for. */
export function registerIntrospectionRoutes(app: EdgeApp, context: EdgeContext): void {
  const { authentication, access } = context;
  const needs = openNeeds(context);

  /** Who that is; null when it is nobody. @throws Fault when it cannot be found out now. */
  const prove = async (credential: string, address: string): Promise<Principal | null> => {
    try {
      return await authentication.prove(credential, address);
    } catch (error) {
      if (error instanceof Fault && error.code === "unauthorized") return null;
      throw error;
    }
  };

  /** As the chat itself would decide: what the credential permits at all, and then the chat to its holder. */
  const mayInChat = async (principal: Principal, chatId: number, action: string): Promise<boolean> => {
    const [permission, right] = chatActions.get(action) ?? [];
    if (permission === undefined || right === undefined || !Number.isSafeInteger(chatId)) return false;
    if (!(await access.may(principal, permission))) return false;
    return (await readRights(context.store, chatId, principal))?.[right] === true;
  };

  const introspect = createRoute({
    method: "post",
    path: "/v1/auth/introspect",
    summary: "Whose an access token or API key is, and until when",
    ...needs("auth:introspect"),
    request: { body: { required: true, content: { "application/json": { schema: z.object({ token }) } } } },
    responses: { 200: json(introspected, "What there is to say of it"), default: problem },
  });
  app.openapi(introspect, async (c) => {
    c.header("cache-control", "no-store");
    const principal = await prove(c.req.valid("json").token, c.env.clientAddress);
    const grants = principal === null ? null : await access.grantsOf(principal.userId);
    if (principal === null || grants === null) return c.json({ active: false }, 200);
    const { userId, scopes, expiresMs } = principal;
    const answer = {
      active: true,
      userId,
      roles: [grants.role],
      scopes: [...(scopes ?? grants.permissions)],
      exp: Number.isFinite(expiresMs) ? Math.floor(expiresMs / 1_000) : null,
    };
    return c.json(answer, 200);
  });

  const check = createRoute({
    method: "post",
    path: "/v1/auth/check",
    summary: "Whether a token or key may be used to do something to something",
    ...needs("auth:introspect"),
    request: {
      body: {
        required: true,
        content: {
          "application/json": {
            schema: z.object({
              token,
              resource: name.describe(
                "What a permission begins with: messages, chats, …; or a chat: `chat:5`",
              ),
              action: name.describe(
                "What it ends with: read, write, manage, …; of a chat: read, send, manage",
              ),
            }),
          },
        },
      },
    },
    responses: { 200: json(z.object({ allowed: z.boolean() }), "Whether it may"), default: problem },
  });
  app.openapi(check, async (c) => {
    c.header("cache-control", "no-store");
    const { token: credential, resource, action } = c.req.valid("json");
    const principal = await prove(credential, c.env.clientAddress);
    if (principal === null) return c.json({ allowed: false }, 200);
    const chatId = Number(chatPattern.exec(resource)?.[1] ?? 0);
    const allowed =
      chatId === 0
        ? await access.may(principal, `${resource}:${action}`)
        : await mayInChat(principal, chatId, action);
    return c.json({ allowed }, 200);
  });
}
