import { randomBytes } from "node:crypto";
import { createRoute, z } from "@hono/zod-openapi";
import type { Principal } from "@rookery/auth";
import { type ChatId, type ChatLink, Fault, linkMembersMax, linkNameCharsMax } from "@rookery/protocol";
import { readLinkedChat, readRights, readSettings } from "@rookery/store";
import { linkUrl } from "../../bot-api/method/link.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { openNeeds } from "../needs.ts";
import { json, problem, timeMs } from "../schema.ts";
import { submitToChat } from "../submission.ts";
import { idempotencyHeaders, idInPath, omittable, text } from "../validation.ts";
import { refuseCrowded } from "./chat.ts";

const codeBytes = 12;
const codeChars = 16;
const code = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16}$/, "is no link's")
  .openapi({ example: "AAAAAAAAAAAAAAAA" });

const draft = z.object({
  name: omittable(text({ bytesMin: 1, bytesMax: linkNameCharsMax })),
  expiresAt: omittable(timeMs),
  memberLimit: omittable(z.int().min(1).max(linkMembersMax)).describe("How many may come by it"),
  asks: z.boolean().default(false).describe("Whoever comes by it asks, and is let in or not"),
});

const linkSchema = z
  .object({
    code: z.string(),
    url: z.string(),
    creatorId: z.int(),
    name: omittable(z.string()),
    expiresAt: omittable(timeMs),
    memberLimit: omittable(z.int()),
    asks: z.boolean(),
    isRevoked: z.boolean(),
    joined: z.int().describe("How many came by it"),
  })
  .openapi("ChatLink");

const invitationSchema = z
  .object({
    type: z.enum(["group", "channel"]),
    title: z.string().nullable(),
    description: z.string().nullable(),
    asks: z.boolean(),
  })
  .openapi("Invitation");

function showLink({ code: named, url, creatorId, name, expiresMs, memberLimit, ...link }: ChatLink) {
  const { asks, isRevoked, joined } = link;
  return {
    code: named,
    url,
    creatorId,
    ...(name === undefined ? {} : { name }),
    ...(expiresMs === undefined ? {} : { expiresAt: expiresMs }),
    ...(memberLimit === undefined ? {} : { memberLimit }),
    asks,
    isRevoked,
    joined,
  };
}

/** Links by which people come into a chat, and who asks to be let in. */
export function registerLinkRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store } = context;
  const needs = openNeeds(context);
  const links = "/v1/chats/{id}/links";
  const requests = "/v1/chats/{id}/requests";

  /** @throws Fault to whoever does not manage the chat */
  const demandManaging = async (chatId: ChatId, by: Principal): Promise<void> => {
    const rights = await readRights(store, chatId, by);
    if (rights === null || (rights.role === null && !rights.canRead)) {
      throw new Fault("not_found", "there is no such chat");
    }
    if (!rights.canManage) throw new Fault("forbidden", "only who manages the chat sees how people come");
  };

  const make = createRoute({
    method: "post",
    path: links,
    summary: "A link by which people come into a chat",
    ...needs("chats:write"),
    request: {
      params: z.object({ id: idInPath }),
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: draft } } },
    },
    responses: {
      201: json(linkSchema, "The link"),
      200: json(linkSchema, "The link that an earlier request of this name made, as it is now"),
      default: problem,
    },
  });
  app.openapi(make, async (c) => {
    const chatId = c.req.valid("param").id;
    const { name, expiresAt, memberLimit, asks } = c.req.valid("json");
    if (asks && memberLimit !== undefined) {
      throw new Fault("invalid", "memberLimit: whoever asks is let in one by one");
    }
    const sender = c.get("principal");
    const uuid = c.req.valid("header")["idempotency-key"];
    // A repeat makes the same link, which nobody else can tell.
    const made =
      uuid === undefined
        ? randomBytes(codeBytes).toString("base64url")
        : context.files.names.idFor(sender.userId, `link:${chatId}:${uuid}`).slice(0, codeChars);
    const link = {
      code: made,
      url: linkUrl(context.config.publicUrl, made),
      asks,
      isPrimary: false,
      ...(name === undefined ? {} : { name }),
      ...(expiresAt === undefined ? {} : { expiresMs: expiresAt }),
      ...(memberLimit === undefined ? {} : { memberLimit }),
    };
    const by = { chatId, sender, uuid, requestId: c.get("requestId") };
    const command = { kind: "link", link, isNew: true } as const;
    const { duplicate } = await submitToChat(context, { ...by, command }, "changed");
    const kept = (await readSettings(store, chatId)).links.get(made);
    if (kept === undefined) throw new Fault("conflict", "this Idempotency-Key was used for another request");
    return c.json(showLink(kept), duplicate ? 200 : 201);
  });

  const list = createRoute({
    method: "get",
    path: links,
    summary: "All links of a chat, also those that lead nowhere any more",
    ...needs("chats:read"),
    request: { params: z.object({ id: idInPath }) },
    responses: { 200: json(z.object({ items: z.array(linkSchema) }), "The links"), default: problem },
  });
  app.openapi(list, async (c) => {
    const chatId = c.req.valid("param").id;
    await demandManaging(chatId, c.get("principal"));
    const settings = await readSettings(store, chatId);
    return c.json({ items: [...settings.links.values()].map(showLink) }, 200);
  });

  const revoke = createRoute({
    method: "delete",
    path: `${links}/{code}`,
    summary: "A link leads nowhere any more",
    ...needs("chats:write"),
    request: { params: z.object({ id: idInPath, code }), headers: idempotencyHeaders },
    responses: { 204: { description: "It is revoked" }, default: problem },
  });
  app.openapi(revoke, async (c) => {
    const { id: chatId, code: revoked } = c.req.valid("param");
    const uuid = c.req.valid("header")["idempotency-key"];
    const by = { chatId, sender: c.get("principal"), uuid, requestId: c.get("requestId") };
    await submitToChat(context, { ...by, command: { kind: "revokeLink", code: revoked } }, "changed");
    return c.body(null, 204);
  });

  const listRequests = createRoute({
    method: "get",
    path: requests,
    summary: "Who asks to be let in, the longest first",
    ...needs("chats:read"),
    request: { params: z.object({ id: idInPath }) },
    responses: {
      200: json(
        z.object({ items: z.array(z.object({ userId: z.int(), code: z.string(), askedAt: timeMs })) }),
        "Those who ask",
      ),
      default: problem,
    },
  });
  app.openapi(listRequests, async (c) => {
    const chatId = c.req.valid("param").id;
    await demandManaging(chatId, c.get("principal"));
    const settings = await readSettings(store, chatId);
    const items = [...settings.requests.values()].map(({ askedMs, ...rest }) => ({
      ...rest,
      askedAt: askedMs,
    }));
    return c.json({ items }, 200);
  });

  const answer = createRoute({
    method: "put",
    path: `${requests}/{userId}`,
    summary: "Lets somebody in who asks, or not",
    ...needs("chats:write"),
    request: {
      params: z.object({ id: idInPath, userId: idInPath }),
      headers: idempotencyHeaders,
      body: {
        required: true,
        content: { "application/json": { schema: z.object({ approve: z.boolean() }) } },
      },
    },
    responses: { 204: { description: "They are answered" }, default: problem },
  });
  app.openapi(answer, async (c) => {
    const { id: chatId, userId } = c.req.valid("param");
    const { approve: isApproved } = c.req.valid("json");
    const uuid = c.req.valid("header")["idempotency-key"];
    const by = { chatId, sender: c.get("principal"), uuid, requestId: c.get("requestId") };
    await submitToChat(context, { ...by, command: { kind: "admit", userId, isApproved } }, "changed");
    return c.body(null, 204);
  });

  const read = createRoute({
    method: "get",
    path: "/v1/invites/{code}",
    summary: "Where a link leads",
    ...needs("chats:read"),
    request: { params: z.object({ code }) },
    responses: { 200: json(invitationSchema, "The chat, as strangers see it"), default: problem },
  });
  app.openapi(read, async (c) => {
    const chat = await readLinkedChat(store, c.req.valid("param").code);
    const isOpen = chat !== null && !chat.link.isRevoked && (chat.link.expiresMs ?? Infinity) > context.now();
    if (!isOpen) throw new Fault("not_found", "the link leads nowhere");
    const { type, title, description, link } = chat;
    return c.json(
      {
        type: type === "channel" ? ("channel" as const) : ("group" as const),
        title,
        description,
        asks: link.asks,
      },
      200,
    );
  });

  const come = createRoute({
    method: "post",
    path: "/v1/invites/{code}",
    summary: "Comes into a chat by a link, or asks to",
    ...needs("chats:write"),
    request: { params: z.object({ code }), headers: idempotencyHeaders },
    responses: {
      200: json(
        z.object({ state: z.enum(["joined", "asked"]), chatId: z.int() }),
        "In the chat, or waiting to be let in",
      ),
      default: problem,
    },
  });
  app.openapi(come, async (c) => {
    const joined = await joinByLink(context, {
      code: c.req.valid("param").code,
      sender: c.get("principal"),
      uuid: c.req.valid("header")["idempotency-key"],
      requestId: c.get("requestId"),
    });
    return c.json(joined, 200);
  });
}

/** By whatever door: a request or a frame. @throws Fault */
export async function joinByLink(
  context: Pick<EdgeContext, "store" | "commands"> & {
    readonly config: Pick<EdgeContext["config"], "commandTimeoutMs">;
  },
  {
    code: asked,
    ...by
  }: {
    readonly code: string;
    readonly sender: Principal;
    readonly uuid: string | undefined;
    readonly requestId: string;
  },
): Promise<{ readonly state: "joined" | "asked"; readonly chatId: ChatId }> {
  const chat = await readLinkedChat(context.store, asked);
  if (chat === null) throw new Fault("not_found", "the link leads nowhere");
  await refuseCrowded(context, chat.id, [by.sender.userId], "code");
  const command = { kind: "join", code: asked } as const;
  const { outcome } = await submitToChat(context, { ...by, chatId: chat.id, command }, "joined");
  return { state: outcome.state, chatId: chat.id };
}
