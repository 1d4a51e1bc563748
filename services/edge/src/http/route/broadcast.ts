import { createRoute, z } from "@hono/zod-openapi";
import { Fault, type UserId } from "@rookery/protocol";
import {
  type Audience,
  type BroadcastRow,
  chatsOfBot,
  inTransaction,
  insertAudience,
  insertBroadcast,
  insertTargets,
  listBroadcasts,
  listLostTargets,
  readBot,
  readBroadcast,
  readBroadcastByRequest,
  startBroadcast,
  steerBroadcast,
  type Store,
} from "@rookery/store";
import { sendCommand } from "../../command/send-command.ts";
import { draftSchema } from "../content-schema.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import { openNeeds } from "../needs.ts";
import { RequestFault } from "../problem.ts";
import { json, page, problem } from "../schema.ts";
import { id, idempotencyHeaders, idInPath, limitInQuery, omittable, position } from "../validation.ts";

const chatIdsMax = 50_000;
/** Chats of one broadcast. */
const targetsMax = 500_000;
/** Wrong chats that are named in one answer. */
const errorsMax = 20;

const messageSchema = draftSchema
  .omit({ uuid: true, replyTo: true, forward: true })
  .refine(({ kind }) => kind !== "e2ee", { path: ["kind"], message: "ciphertext means nothing to Telegram" })
  .refine(
    ({ body, attachments = [], poll, location, contact }) =>
      /\S/.test(body) || attachments.length > 0 || [poll, location, contact].some((it) => it !== undefined),
    { path: ["body"], message: "there is nothing to send" },
  );
const audienceSchema = z
  .object({
    type: omittable(z.enum(["private", "group"])).describe("People, or groups and channels"),
    language: omittable(
      z
        .string()
        .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/, "must be a language tag")
        .openapi({ example: "uz" }),
    ),
    activeSince: omittable(position).describe("Somebody has written there since, in ms of the epoch"),
  })
  .describe("Chats of the bot for which all that is given is so; {} are all");
const orderSchema = z
  .object({
    chatIds: omittable(z.array(id).min(1).max(chatIdsMax)),
    audience: omittable(audienceSchema),
    message: messageSchema,
  })
  .refine(({ chatIds, audience }) => (chatIds === undefined) !== (audience === undefined), {
    path: ["chatIds"],
    message: "takes one of chatIds and audience",
  })
  .openapi({ example: { audience: {}, message: { body: "The water is back" } } });
const broadcastSchema = z
  .object({
    id: z.int(),
    botId: z.int(),
    state: z.enum(["running", "paused", "cancelled", "done"]),
    total: z.int(),
    sent: z.int(),
    failed: z.int(),
    unknown: z.int().describe("May have arrived; only of a bot that does not repeat such sends"),
    createdAt: z.int(),
    doneAt: z.int().nullable(),
  })
  .openapi("Broadcast");
const failureSchema = z.object({
  chatId: z.int(),
  state: z.enum(["failed", "unknown"]),
  error: z.string().nullable(),
});

type State = BroadcastRow["state"];
/** What an order to a broadcast needs it to be, and makes of it. */
const orders = {
  pause: { from: ["running"], to: "paused", summary: "Nothing more is begun; what is under way ends" },
  resume: { from: ["paused"], to: "running", summary: "Goes on where it was paused" },
  cancel: { from: ["running", "paused"], to: "cancelled", summary: "Ends it; what is under way is sent" },
} as const satisfies Record<string, { from: readonly State[]; to: State; summary: string }>;

/** One message to many chats of a bot. */
export function registerBroadcastRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, now } = context;
  const needs = openNeeds(context);
  const params = z.object({ id: idInPath });
  const place = z.object({ id: idInPath, n: idInPath });
  const paging = z.object({ limit: limitInQuery, cursor: z.string().optional() });

  const create = createRoute({
    method: "post",
    path: "/v1/bots/{id}/broadcasts",
    summary: "Sends one message to many chats of a bot; conversations go before it",
    ...needs("bots:manage"),
    request: {
      params,
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: orderSchema } } },
    },
    responses: {
      202: json(broadcastSchema, "The broadcast, under way"),
      200: json(broadcastSchema, "The broadcast an earlier request of this name made, as it is now"),
      default: problem,
    },
  });
  app.openapi(create, async (c) => {
    const botId = await demandBot(store, c.get("principal").userId, c.req.valid("param").id);
    const { chatIds, audience, message } = c.req.valid("json");
    const requestUuid = c.req.valid("header")["idempotency-key"] ?? null;
    const command = { ...sendCommand(message), botId, bulk: true };
    const made = await inTransaction(store, async (db) => {
      const requestId = c.get("requestId");
      const order = { botId, command, requestUuid, requestId, createdMs: now() };
      const broadcastId = await insertBroadcast(db, order);
      if (broadcastId === null) return null;
      let total: number;
      if (chatIds === undefined) {
        total = await insertAudience(db, broadcastId, botId, audienceOf(audience), targetsMax + 1);
      } else {
        const distinct = [...new Set(chatIds)];
        refuseForeign(chatIds, await chatsOfBot(db, botId, distinct));
        total = await insertTargets(db, broadcastId, distinct);
      }
      if (total > targetsMax) throw new Fault("too_large", `a broadcast goes to at most ${targetsMax} chats`);
      if (total > 0) await startBroadcast(db, broadcastId, total);
      return readBroadcast(db, botId, broadcastId);
    });
    if (made !== null) return c.json(toBroadcast(made), 202);
    const earlier = requestUuid === null ? null : await readBroadcastByRequest(store, botId, requestUuid);
    if (earlier === null) throw noBroadcast();
    return c.json(toBroadcast(earlier), 200);
  });

  const list = createRoute({
    method: "get",
    path: "/v1/bots/{id}/broadcasts",
    summary: "The broadcasts of a bot, by id",
    ...needs("bots:read"),
    request: { params, query: paging },
    responses: { 200: json(page(broadcastSchema), "A page of broadcasts"), default: problem },
  });
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const after = readIdCursor(cursor);
    const botId = await demandBot(store, c.get("principal").userId, c.req.valid("param").id);
    const rows = await listBroadcasts(store, botId, { after, limit });
    const nextCursor = writeIdCursor(rows.at(-1)?.id, rows.length === limit);
    return c.json({ items: rows.map(toBroadcast), nextCursor }, 200);
  });

  const read = createRoute({
    method: "get",
    path: "/v1/bots/{id}/broadcasts/{n}",
    summary: "A broadcast and how far it has come; n is its id",
    ...needs("bots:read"),
    request: { params: place },
    responses: { 200: json(broadcastSchema, "The broadcast"), default: problem },
  });
  app.openapi(read, async (c) => {
    const { id, n } = c.req.valid("param");
    const botId = await demandBot(store, c.get("principal").userId, id);
    return c.json(toBroadcast(await demandBroadcast(store, botId, n)), 200);
  });

  const failures = createRoute({
    method: "get",
    path: "/v1/bots/{id}/broadcasts/{n}/failures",
    summary: "The chats that a broadcast did not reach, and why",
    ...needs("bots:read"),
    request: { params: place, query: paging },
    responses: { 200: json(page(failureSchema), "A page of chats"), default: problem },
  });
  app.openapi(failures, async (c) => {
    const { id, n } = c.req.valid("param");
    const { limit, cursor } = c.req.valid("query");
    const after = readIdCursor(cursor);
    const botId = await demandBot(store, c.get("principal").userId, id);
    await demandBroadcast(store, botId, n);
    const rows = await listLostTargets(store, n, { after, limit });
    const items = rows.map(({ chatId, state, error }) => ({ chatId, state, error }));
    return c.json({ items, nextCursor: writeIdCursor(rows.at(-1)?.n, rows.length === limit) }, 200);
  });

  for (const [order, { from, to, summary }] of Object.entries(orders)) {
    const steer = createRoute({
      method: "post",
      path: `/v1/bots/{id}/broadcasts/{n}/${order}`,
      summary,
      ...needs("bots:manage"),
      request: { params: place },
      responses: {
        200: json(broadcastSchema, "The broadcast, as it is now"),
        409: problem,
        default: problem,
      },
    });
    app.openapi(steer, async (c) => {
      const { id, n } = c.req.valid("param");
      const botId = await demandBot(store, c.get("principal").userId, id);
      const isSteered = await steerBroadcast(store, { botId, id: n }, from, to);
      const row = await demandBroadcast(store, botId, n);
      // Asked twice, it is what was asked for.
      if (!isSteered && row.state !== to) {
        throw new Fault("conflict", `the broadcast is ${row.state}`);
      }
      return c.json(toBroadcast(row), 200);
    });
  }
}

/** @throws Fault `not_found`, also for another's. */
async function demandBot(store: Store, ownerId: UserId, botId: UserId): Promise<UserId> {
  if ((await readBot(store, ownerId, botId)) === null) throw new Fault("not_found", "there is no such bot");
  return botId;
}

async function demandBroadcast(store: Store, botId: UserId, id: number): Promise<BroadcastRow> {
  return (await readBroadcast(store, botId, id)) ?? Promise.reject(noBroadcast());
}

function refuseForeign(chatIds: readonly number[], known: ReadonlySet<number>): void {
  const message = "is no chat of this bot";
  const errors = chatIds
    .flatMap((chatId, at) => (known.has(chatId) ? [] : [{ path: `chatIds.${at}`, message }]))
    .slice(0, errorsMax);
  const [first] = errors;
  if (first !== undefined) {
    throw new RequestFault("invalid", `the body is not valid: ${first.path} ${message}`, errors);
  }
}

function audienceOf(asked: z.output<typeof audienceSchema> | undefined): Audience {
  const { activeSince, ...rest } = asked ?? {};
  return { ...rest, ...(activeSince === undefined ? {} : { activeSinceMs: activeSince }) };
}

function toBroadcast({ createdMs, doneMs, ...row }: BroadcastRow) {
  return { ...row, createdAt: createdMs, doneAt: doneMs };
}

function noBroadcast(): Fault {
  return new Fault("not_found", "there is no such broadcast");
}
