import { createRoute, z } from "@hono/zod-openapi";
import type { Principal } from "@rookery/auth";
import { adminRights, type AdminRight, type ChatCommand, Fault, limits } from "@rookery/protocol";
import { listMembers, readBotSetting, readChat, readMember } from "@rookery/store";
import { demandReading } from "../chat-rights.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import { openNeeds } from "../needs.ts";
import { json, memberSchema, page, problem, roleSchema } from "../schema.ts";
import { submitToChat } from "../submission.ts";
import { id, idempotencyHeaders, idInPath, limitInQuery } from "../validation.ts";
import { refuseCrowded, refuseUnknownUsers } from "./chat.ts";

const invitation = z.object({ userIds: z.array(id).min(1).max(limits.invitesMax) });
const rank = z.object({
  role: roleSchema,
  rights: z
    .array(z.enum(adminRights))
    .min(1)
    .max(adminRights.length)
    .optional()
    .describe(
      "What an admin may, by the names of Telegram's rights; left out: as all admins, or what a bot asks for (setMyDefaultAdministratorRights)",
    ),
});
const invited = z.object({ added: z.array(z.int()).readonly(), already: z.array(z.int()).readonly() });

/** Who is in a chat and as what, how others come in, and how they go. */
export function registerMemberRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store } = context;
  const needs = openNeeds(context);

  /** What a bot of ours asks for when it is made an admin; undefined: nothing, or it is one already. */
  const askedFor = async (
    { userId: byId, keyId }: Principal,
    chatId: number,
    userId: number,
  ): Promise<readonly AdminRight[] | undefined> => {
    const chat = await readChat(store, byId, chatId, keyId);
    const key = chat?.type === "channel" ? "channels" : "groups";
    const asked = await readBotSetting(store, { botId: userId, name: "admin_rights", key });
    if (!Array.isArray(asked) || asked.length === 0) return undefined;
    if ((await readMember(store, chatId, userId))?.role === "admin") return undefined;
    return adminRights.filter((each) => each === "manage_chat" || asked.includes(each));
  };

  const list = createRoute({
    method: "get",
    path: "/v1/chats/{id}/members",
    summary: "The members of a chat, by user id",
    ...needs("chats:read"),
    request: {
      params: z.object({ id: idInPath }),
      query: z.object({ limit: limitInQuery, cursor: z.string().optional() }),
    },
    responses: { 200: json(page(memberSchema), "A page of members"), default: problem },
  });
  app.openapi(list, async (c) => {
    const chatId = c.req.valid("param").id;
    const { limit, cursor } = c.req.valid("query");
    const after = readIdCursor(cursor);
    await demandReading(store, chatId, c.get("principal"));
    const items = await listMembers(store, chatId, { after, limit });
    return c.json({ items, nextCursor: writeIdCursor(items.at(-1)?.userId, items.length === limit) }, 200);
  });

  const read = createRoute({
    method: "get",
    path: "/v1/chats/{id}/members/{userId}",
    summary: "One member of a chat",
    ...needs("chats:read"),
    request: { params: z.object({ id: idInPath, userId: idInPath }) },
    responses: { 200: json(memberSchema, "The member"), default: problem },
  });
  app.openapi(read, async (c) => {
    const { id: chatId, userId } = c.req.valid("param");
    await demandReading(store, chatId, c.get("principal"));
    const member = await readMember(store, chatId, userId);
    if (member === null) throw new Fault("not_found", "there is no such member");
    return c.json(member, 200);
  });

  const invite = createRoute({
    method: "post",
    path: "/v1/chats/{id}/invite",
    summary: "Brings people into a chat",
    ...needs("chats:write"),
    request: {
      params: z.object({ id: idInPath }),
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: invitation } } },
    },
    responses: { 200: json(invited, "Who came, and who was there before"), default: problem },
  });
  app.openapi(invite, async (c) => {
    const chatId = c.req.valid("param").id;
    const userIds = [...new Set(c.req.valid("json").userIds)];
    // Before anything is said of the users: whose chat it is not learns nothing by asking.
    await demandReading(store, chatId, c.get("principal"));
    await refuseUnknownUsers(context, userIds, "userIds");
    await refuseCrowded(context, chatId, userIds, "userIds");
    const { outcome } = await submitToChat(
      context,
      {
        chatId,
        sender: c.get("principal"),
        uuid: c.req.valid("header")["idempotency-key"],
        requestId: c.get("requestId"),
        command: { kind: "invite", userIds },
      },
      "invited",
    );
    return c.json({ added: outcome.added, already: outcome.already }, 200);
  });

  const change = createRoute({
    method: "patch",
    path: "/v1/chats/{id}/members/{userId}",
    summary: "Gives a member another role; `owner` passes the chat on",
    ...needs("chats:write"),
    request: {
      params: z.object({ id: idInPath, userId: idInPath }),
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: rank } } },
    },
    responses: { 200: json(memberSchema, "The member as they are now"), default: problem },
  });
  app.openapi(change, async (c) => {
    const { id: chatId, userId } = c.req.valid("param");
    const { role, rights: said } = c.req.valid("json");
    const uuid = c.req.valid("header")["idempotency-key"];
    const by = { chatId, sender: c.get("principal"), uuid, requestId: c.get("requestId") };
    const rights = role === "admin" ? (said ?? (await askedFor(by.sender, chatId, userId))) : undefined;
    const command: ChatCommand =
      rights === undefined ? { kind: "role", userId, role } : { kind: "promote", userId, rights };
    await submitToChat(context, { ...by, command }, "changed");
    const member = await readMember(store, chatId, userId);
    if (member === null) throw new Fault("not_found", "there is no such member");
    return c.json(member, 200);
  });

  const remove = createRoute({
    method: "delete",
    path: "/v1/chats/{id}/members/{userId}",
    summary: "Removes a member; oneself leaves",
    ...needs("chats:write"),
    request: { params: z.object({ id: idInPath, userId: idInPath }), headers: idempotencyHeaders },
    responses: { 204: { description: "They are out of the chat" }, default: problem },
  });
  app.openapi(remove, async (c) => {
    const { id: chatId, userId } = c.req.valid("param");
    const uuid = c.req.valid("header")["idempotency-key"];
    const by = { chatId, sender: c.get("principal"), uuid, requestId: c.get("requestId") };
    await submitToChat(context, { ...by, command: { kind: "remove", userId } }, "changed");
    return c.body(null, 204);
  });
}
