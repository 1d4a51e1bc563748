import { createRoute, z } from "@hono/zod-openapi";
import { Fault, idMax, type Message } from "@rookery/protocol";
import { checkForward } from "../../command/forward.ts";
import { sendCommand } from "../../command/send-command.ts";
import { readHeads, readMessage, readMessages, readMessagesBefore } from "@rookery/store";
import { demandReading } from "../chat-rights.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { contentOf, draftSchema, editSchema } from "../content-schema.ts";
import { type HistoryCursor, readHistoryCursor, writeHistoryCursor } from "../cursor.ts";
import { openNeeds } from "../needs.ts";
import { json, messageSchema, page, problem } from "../schema.ts";
import { submitToChat } from "../submission.ts";
import { idempotencyHeaders, idInPath, limitInQuery, positionInQuery } from "../validation.ts";

const historySchema = page(messageSchema).extend({ headSeq: z.int() });
const historyQuery = z
  .object({
    before: positionInQuery.optional(),
    after: positionInQuery.optional(),
    cursor: z.string().optional(),
    limit: limitInQuery,
  })
  .refine(
    (query) => [query.before, query.after, query.cursor].filter((each) => each !== undefined).length <= 1,
    {
      message: "takes one of before, after and cursor",
    },
  );

const place = z.object({ id: idInPath, seq: idInPath });

/** The messages of a chat: history, one more, and what becomes of one. */
export function registerMessageRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store } = context;
  const needs = openNeeds(context);

  const history = createRoute({
    method: "get",
    path: "/v1/chats/{id}/messages",
    summary: "History: the newest page, or one before or after a place; ascending inside a page",
    ...needs("messages:read"),
    request: { params: z.object({ id: idInPath }), query: historyQuery },
    responses: { 200: json(historySchema, "A page of messages"), default: problem },
  });
  app.openapi(history, async (c) => {
    const chatId = c.req.valid("param").id;
    const query = c.req.valid("query");
    const place = placeOf(query);
    await demandReading(store, chatId, c.get("principal"));
    const [items, [head]] = await Promise.all([
      place.direction === "after"
        ? readMessages(store, chatId, { after: place.seq, limit: query.limit })
        : readMessagesBefore(store, chatId, { before: place.seq, limit: query.limit }),
      readHeads(store, [chatId]),
    ]);
    // The two reads are moments apart; a message that was read is below the head by definition.
    const headSeq = Math.max(head?.seq ?? 0, items.at(-1)?.seq ?? 0);
    return c.json({ items, nextCursor: nextCursor(place, items, headSeq), headSeq }, 200);
  });

  const send = createRoute({
    method: "post",
    path: "/v1/chats/{id}/messages",
    summary: "Sends a message; answered once it is committed",
    ...needs("messages:write"),
    request: {
      params: z.object({ id: idInPath }),
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: draftSchema } } },
    },
    responses: {
      201: json(messageSchema, "The message"),
      200: json(messageSchema, "The message this uuid led to before"),
      default: problem,
    },
  });
  app.openapi(send, async (c) => {
    const chatId = c.req.valid("param").id;
    const draft = c.req.valid("json");
    const by = c.get("principal");
    const uuid = c.req.valid("header")["idempotency-key"] ?? draft.uuid;
    const content = await checkForward(store, contentOf(draft), { chatId, uuid, by });
    const { outcome, duplicate } = await submitToChat(
      context,
      {
        chatId,
        sender: by,
        uuid,
        requestId: c.get("requestId"),
        command: sendCommand(content),
      },
      "sent",
    );
    const message = await readMessage(store, chatId, outcome.seq);
    if (message === null) throw new Fault("not_found", "the message is no longer there");
    return c.json(message, duplicate ? 200 : 201);
  });

  const edit = createRoute({
    method: "patch",
    path: "/v1/chats/{id}/messages/{seq}",
    summary: "Writes one's own message anew",
    ...needs("messages:write"),
    request: {
      params: place,
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: editSchema } } },
    },
    responses: { 200: json(messageSchema, "The message as it is now"), default: problem },
  });
  app.openapi(edit, async (c) => {
    const { id: chatId, seq } = c.req.valid("param");
    const { body, entities } = c.req.valid("json");
    const { outcome } = await submitToChat(
      context,
      {
        chatId,
        sender: c.get("principal"),
        uuid: c.req.valid("header")["idempotency-key"],
        requestId: c.get("requestId"),
        command: { kind: "edit", seq, body, ...(entities === undefined ? {} : { entities }) },
      },
      "changed",
    );
    const message = await readMessage(store, chatId, outcome.seq);
    if (message === null) throw new Fault("not_found", "there is no such message");
    return c.json(message, 200);
  });

  const remove = createRoute({
    method: "delete",
    path: "/v1/chats/{id}/messages/{seq}",
    summary: "Deletes a message for everybody; its place stays, empty",
    ...needs("messages:write"),
    request: { params: place, headers: idempotencyHeaders },
    responses: { 204: { description: "It is deleted" }, default: problem },
  });
  app.openapi(remove, async (c) => {
    const { id: chatId, seq } = c.req.valid("param");
    const submission = {
      chatId,
      sender: c.get("principal"),
      uuid: c.req.valid("header")["idempotency-key"],
      requestId: c.get("requestId"),
      command: { kind: "delete", seq },
    } as const;
    await submitToChat(context, submission, "changed");
    return c.body(null, 204);
  });
}

function placeOf(query: z.output<typeof historyQuery>): HistoryCursor {
  if (query.cursor !== undefined) return readHistoryCursor(query.cursor);
  if (query.after !== undefined) return { direction: "after", seq: query.after };
  return { direction: "before", seq: query.before ?? idMax };
}

function nextCursor(place: HistoryCursor, items: readonly Message[], headSeq: number): string | null {
  const [first, last] = [items[0], items.at(-1)];
  if (first === undefined || last === undefined) return null;
  if (place.direction === "after") {
    return last.seq < headSeq ? writeHistoryCursor({ direction: "after", seq: last.seq }) : null;
  }
  return first.seq > 1 ? writeHistoryCursor({ direction: "before", seq: first.seq }) : null;
}
