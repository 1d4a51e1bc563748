import { createRoute, z } from "@hono/zod-openapi";
import type { Principal } from "@rookery/auth";
import {
  type AclEntry,
  type AclSubject,
  aclSubjectPattern,
  type ChatId,
  Fault,
  parseAclSubject,
} from "@rookery/protocol";
import { knownKeyIds, knownUserIds, listAcl, readAcl, readRights } from "@rookery/store";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { readSubjectCursor, writeSubjectCursor } from "../cursor.ts";
import { openNeeds } from "../needs.ts";
import { RequestFault } from "../problem.ts";
import { json, page, problem } from "../schema.ts";
import { submitToChat } from "../submission.ts";
import { idempotencyHeaders, idInPath, limitInQuery } from "../validation.ts";

const right = z.boolean().nullish().describe("Null: as the role in the chat says");
const entrySchema = z.object({ canRead: right, canSend: right, canManage: right });
const item = z
  .object({
    subject: z.string(),
    canRead: z.boolean().nullable(),
    canSend: z.boolean().nullable(),
    canManage: z.boolean().nullable(),
  })
  .openapi("AclEntry");
const subject = z
  .string()
  .regex(aclSubjectPattern, "must be user:<id> or key:<id>")
  .transform((text) => text as AclSubject);

/** What a chat allows users and keys beside their roles. Decided by the chat's actor, in the chat's own order. */
export function registerAclRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, access } = context;
  const needs = openNeeds(context);
  const path = "/v1/chats/{id}/acl";
  const params = z.object({ id: idInPath, subject });

  /** Whoever manages the chat sees its entries, and everybody their own. @throws Fault */
  const demandSight = async (chatId: ChatId, by: Principal, of: AclSubject | null): Promise<void> => {
    if (await access.may(by, "chats:administer")) return;
    const rights = await readRights(store, chatId, by);
    if (rights === null || (rights.role === null && !rights.canRead)) {
      throw new Fault("not_found", "there is no such chat");
    }
    const isOwn = of === `user:${by.userId}` || (by.keyId !== null && of === `key:${by.keyId}`);
    if (!rights.canManage && !isOwn) throw new Fault("forbidden", "only who manages the chat sees its ACL");
  };

  const submit = async (
    by: { readonly sender: Principal; readonly uuid: string | undefined; readonly requestId: string },
    chatId: ChatId,
    asked: { readonly subject: AclSubject; readonly entry: AclEntry },
  ): Promise<void> => {
    const isAdministrator = await access.may(by.sender, "chats:administer");
    const command = { kind: "allow", ...asked, isAdministrator } as const;
    await submitToChat(context, { ...by, chatId, command }, "changed");
  };

  const list = createRoute({
    method: "get",
    path,
    summary: "What a chat allows whom beside their roles",
    ...needs("chats:read"),
    request: {
      params: z.object({ id: idInPath }),
      query: z.object({ limit: limitInQuery, cursor: z.string().optional() }),
    },
    responses: { 200: json(page(item), "A page of entries, by subject"), default: problem },
  });
  app.openapi(list, async (c) => {
    const chatId = c.req.valid("param").id;
    const { limit, cursor } = c.req.valid("query");
    const after = readSubjectCursor(cursor);
    await demandSight(chatId, c.get("principal"), null);
    const items = await listAcl(store, chatId, { after, limit });
    return c.json(
      { items, nextCursor: writeSubjectCursor(items.at(-1)?.subject, items.length === limit) },
      200,
    );
  });

  const read = createRoute({
    method: "get",
    path: `${path}/{subject}`,
    summary: "What a chat allows one user or key beside their role",
    ...needs("chats:read"),
    request: { params },
    responses: { 200: json(item, "The entry"), default: problem },
  });
  app.openapi(read, async (c) => {
    const { id: chatId, subject } = c.req.valid("param");
    await demandSight(chatId, c.get("principal"), subject);
    const entry = await readAcl(store, chatId, subject);
    if (entry === null) throw new Fault("not_found", "there is no such entry");
    return c.json(entry, 200);
  });

  const put = createRoute({
    method: "put",
    path: `${path}/{subject}`,
    summary: "Says what a user or key may do in a chat, whatever their role says",
    ...needs("chats:write"),
    request: {
      params,
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: entrySchema } } },
    },
    responses: { 200: json(item, "The entry as it is now"), default: problem },
  });
  app.openapi(put, async (c) => {
    const { id: chatId, subject } = c.req.valid("param");
    const { canRead = null, canSend = null, canManage = null } = c.req.valid("json");
    const sender = c.get("principal");
    // Before anything is said of the subject: whose chat it is not learns nothing by asking.
    await demandSight(chatId, sender, null);
    await refuseUnknown(context, subject);
    const entry = { canRead, canSend, canManage };
    const uuid = c.req.valid("header")["idempotency-key"];
    await submit({ sender, uuid, requestId: c.get("requestId") }, chatId, { subject, entry });
    return c.json({ subject, ...entry }, 200);
  });

  const remove = createRoute({
    method: "delete",
    path: `${path}/{subject}`,
    summary: "Leaves it to the role again what a user or key may do in a chat",
    ...needs("chats:write"),
    request: { params, headers: idempotencyHeaders },
    responses: { 204: { description: "There is no entry any more" }, default: problem },
  });
  app.openapi(remove, async (c) => {
    const { id: chatId, subject } = c.req.valid("param");
    const entry = { canRead: null, canSend: null, canManage: null };
    const uuid = c.req.valid("header")["idempotency-key"];
    const by = { sender: c.get("principal"), uuid, requestId: c.get("requestId") };
    await submit(by, chatId, { subject, entry });
    return c.body(null, 204);
  });
}

async function refuseUnknown({ store }: Pick<EdgeContext, "store">, subject: AclSubject): Promise<void> {
  const { kind, id } = parseAclSubject(subject);
  const known = kind === "user" ? await knownUserIds(store, [id]) : await knownKeyIds(store, [id]);
  if (known.length > 0) return;
  const message = `there is no ${kind} ${id}`;
  throw new RequestFault("invalid", message, [{ path: "subject", message }]);
}
