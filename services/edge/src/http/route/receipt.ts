import { createRoute, z } from "@hono/zod-openapi";
import { readReaders } from "@rookery/store";
import { demandReading } from "../chat-rights.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import { openNeeds } from "../needs.ts";
import { json, page, problem } from "../schema.ts";
import { id, idInPath, limitInQuery } from "../validation.ts";

const readerSchema = z.object({ userId: z.int(), readSeq: z.int() }).openapi("Reader");

/** How far members have come, and who has read a message. */
export function registerReceiptRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store } = context;
  const needs = openNeeds(context);

  const read = createRoute({
    method: "post",
    path: "/v1/chats/{id}/read",
    summary: "Everything up to a message is read; beyond the last it is all",
    ...needs("messages:read"),
    request: {
      params: z.object({ id: idInPath }),
      body: { required: true, content: { "application/json": { schema: z.object({ seq: id }) } } },
    },
    responses: { 204: { description: "It is noted" }, default: problem },
  });
  app.openapi(read, async (c) => {
    const chatId = c.req.valid("param").id;
    const { seq } = c.req.valid("json");
    const { userId } = c.get("principal");
    await demandReading(store, chatId, c.get("principal"));
    await context.receipts.mark(chatId, { userId, deliveredSeq: seq, readSeq: seq });
    return c.body(null, 204);
  });

  const readers = createRoute({
    method: "get",
    path: "/v1/chats/{id}/messages/{seq}/readers",
    summary: "Who has read a message, by user id",
    ...needs("messages:read"),
    request: {
      params: z.object({ id: idInPath, seq: idInPath }),
      query: z.object({ limit: limitInQuery, cursor: z.string().optional() }),
    },
    responses: { 200: json(page(readerSchema), "A page of readers"), default: problem },
  });
  app.openapi(readers, async (c) => {
    const { id: chatId, seq } = c.req.valid("param");
    const { limit, cursor } = c.req.valid("query");
    await demandReading(store, chatId, c.get("principal"));
    const items = await readReaders(store, { chatId, seq }, { after: readIdCursor(cursor), limit });
    return c.json({ items, nextCursor: writeIdCursor(items.at(-1)?.userId, items.length === limit) }, 200);
  });
}
