import { randomUUID } from "node:crypto";
import { createRoute, z } from "@hono/zod-openapi";
import { type Birth, type ChatId, Fault, limits, type UserId } from "@rookery/protocol";
import {
  type ChatKey,
  directKey,
  crowdedUsers,
  knownUserIds,
  listChats,
  readChat,
  readChatAsGuest,
  reserveChat,
} from "@rookery/store";
import { demandReading } from "../chat-rights.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { RequestFault } from "../problem.ts";
import { openNeeds } from "../needs.ts";
import { chatSchema, json, page, problem } from "../schema.ts";
import { submitToChat } from "../submission.ts";
import { id, idempotencyHeaders, idInPath, limitInQuery, text } from "../validation.ts";

const numberedTypes = { 1: "direct", 2: "group", 3: "channel" } as const;
const typeSchema = z
  .union([z.enum(["direct", "group", "channel"]), z.literal([1, 2, 3])])
  .transform((type) => (typeof type === "number" ? numberedTypes[type] : type));

const birthSchema = z.object({
  type: typeSchema,
  memberIds: z.array(id).max(limits.invitesMax).default([]),
  title: text({ bytesMin: 1, bytesMax: limits.titleBytesMax }).nullish(),
});

const renaming = z.object({ title: text({ bytesMin: 1, bytesMax: limits.titleBytesMax }) });
const ending = z.object({
  forAll: z
    .enum(["true", "false"])
    .transform((forAll) => forAll === "true")
    .default(false),
});

/** Chats: the list, one, their birth, their title and their end. */
export function registerChatRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store } = context;
  const needs = openNeeds(context);

  const list = createRoute({
    method: "get",
    path: "/v1/chats",
    summary: "The chats one is in, by id",
    ...needs("chats:read"),
    request: { query: z.object({ limit: limitInQuery, cursor: z.string().optional() }) },
    responses: { 200: json(page(chatSchema), "A page of chats"), default: problem },
  });
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const after = readIdCursor(cursor);
    const { userId, keyId } = c.get("principal");
    const items = await listChats(store, userId, { after, limit }, keyId);
    return c.json({ items, nextCursor: writeIdCursor(items.at(-1)?.id, items.length === limit) }, 200);
  });

  const read = createRoute({
    method: "get",
    path: "/v1/chats/{id}",
    summary: "One chat",
    ...needs("chats:read"),
    request: { params: z.object({ id: idInPath }) },
    responses: { 200: json(chatSchema, "The chat"), default: problem },
  });
  app.openapi(read, async (c) => {
    const { userId, keyId } = c.get("principal");
    const chatId = c.req.valid("param").id;
    let chat = await readChat(store, userId, chatId, keyId);
    if (chat === null) {
      await demandReading(store, chatId, c.get("principal"));
      chat = await readChatAsGuest(store, chatId);
    }
    if (chat === null) throw new Fault("not_found", "there is no such chat");
    return c.json(chat, 200);
  });

  const create = createRoute({
    method: "post",
    path: "/v1/chats",
    summary: "A new chat, or the one direct chat there is",
    ...needs("chats:write"),
    request: {
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: birthSchema } } },
    },
    responses: {
      201: json(chatSchema, "The chat is born"),
      200: json(chatSchema, "The direct chat that was there, or the repeat of a request"),
      404: problem,
      default: problem,
    },
  });
  app.openapi(create, async (c) => {
    const { userId } = c.get("principal");
    const uuid = c.req.valid("header")["idempotency-key"] ?? randomUUID();
    const { key, birth } = birthOf(userId, uuid, c.req.valid("json"));
    await refuseUnknown(context, birth, userId);

    const chatId = await reserveChat(store, key);
    const there = await readChat(store, userId, chatId);
    if (there !== null) return c.json(there, 200);
    const memberIds = birth.members.map((member) => member.userId);
    await refuseCrowded(context, chatId, memberIds, "memberIds");
    const { outcome, duplicate } = await submitToChat(
      context,
      {
        chatId,
        sender: c.get("principal"),
        uuid,
        requestId: c.get("requestId"),
        command: { kind: "create", birth },
      },
      "created",
    );
    const chat = await readChat(store, userId, outcome.chatId);
    if (chat === null) throw new Fault("not_found", "there is no such chat");
    return c.json(chat, outcome.created && !duplicate ? 201 : 200);
  });

  const rename = createRoute({
    method: "patch",
    path: "/v1/chats/{id}",
    summary: "Gives a chat another title",
    ...needs("chats:write"),
    request: {
      params: z.object({ id: idInPath }),
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: renaming } } },
    },
    responses: { 200: json(chatSchema, "The chat as it is now"), default: problem },
  });
  app.openapi(rename, async (c) => {
    const chatId = c.req.valid("param").id;
    const { userId } = c.get("principal");
    const { title } = c.req.valid("json");
    const uuid = c.req.valid("header")["idempotency-key"];
    const by = { chatId, sender: c.get("principal"), uuid, requestId: c.get("requestId") };
    await submitToChat(context, { ...by, command: { kind: "rename", title } }, "changed");
    const chat = (await readChat(store, userId, chatId)) ?? (await readChatAsGuest(store, chatId));
    if (chat === null) throw new Fault("not_found", "there is no such chat");
    return c.json(chat, 200);
  });

  const end = createRoute({
    method: "delete",
    path: "/v1/chats/{id}",
    summary: "Leaves a chat; its owner may end it for all",
    ...needs("chats:write"),
    request: { params: z.object({ id: idInPath }), query: ending, headers: idempotencyHeaders },
    responses: { 204: { description: "It is left, or ended" }, default: problem },
  });
  app.openapi(end, async (c) => {
    const uuid = c.req.valid("header")["idempotency-key"];
    const by = {
      chatId: c.req.valid("param").id,
      sender: c.get("principal"),
      uuid,
      requestId: c.get("requestId"),
    };
    const kind = c.req.valid("query").forAll ? "disband" : "leave";
    await submitToChat(context, { ...by, command: { kind } }, "changed");
    return c.body(null, 204);
  });
}

/** What is to be born, and the key under which a repeat finds the same chat. */
function birthOf(
  creatorId: UserId,
  uuid: string,
  asked: z.output<typeof birthSchema>,
): { readonly key: ChatKey; readonly birth: Birth } {
  const others = [...new Set(asked.memberIds)].filter((each) => each !== creatorId);
  if (asked.type === "direct") {
    const [other] = others;
    if (other === undefined || others.length > 1) {
      throw new RequestFault("invalid", "a direct chat is with one other person", [
        { path: "memberIds", message: "must name one other person" },
      ]);
    }
    const members = [creatorId, other].map((userId) => ({ userId, role: "member" as const }));
    return { key: directKey(creatorId, other), birth: { type: "direct", title: null, members } };
  }
  const role = asked.type === "channel" ? ("reader" as const) : ("member" as const);
  const members = [
    { userId: creatorId, role: "owner" as const },
    ...others.map((userId) => ({ userId, role })),
  ];
  return {
    key: `new:${creatorId}:${uuid}`,
    birth: { type: asked.type, title: asked.title ?? null, members },
  };
}

async function refuseUnknown(context: EdgeContext, birth: Birth, creatorId: UserId): Promise<void> {
  const others = birth.members.map((member) => member.userId).filter((each) => each !== creatorId);
  await refuseUnknownUsers(context, others, "memberIds");
}

/** @throws RequestFault `invalid` naming the ids that are nobody's. */
export async function refuseUnknownUsers(
  context: Pick<EdgeContext, "store">,
  userIds: readonly UserId[],
  path: string,
): Promise<void> {
  if (userIds.length === 0) return;
  const known = new Set(await knownUserIds(context.store, userIds));
  const unknown = userIds.filter((each) => !known.has(each));
  if (unknown.length === 0) return;
  const errors = unknown.map((each) => ({ path, message: `there is no user ${each}` }));
  throw new RequestFault("invalid", errors[0]?.message ?? "unknown user", errors);
}

/** @throws RequestFault `invalid` naming those who are in as many chats as one may be in (L7). */
export async function refuseCrowded(
  { store }: Pick<EdgeContext, "store">,
  chatId: ChatId,
  userIds: readonly UserId[],
  path: string,
): Promise<void> {
  const crowded = await crowdedUsers(store, userIds, { chatId, chatsMax: limits.chatsPerUserMax });
  if (crowded.length === 0) return;
  const message = `is in ${limits.chatsPerUserMax} chats, the most one can be in`;
  const errors = crowded.map((each) => ({ path, message: `user ${each} ${message}` }));
  throw new RequestFault("invalid", errors[0]?.message ?? message, errors);
}
