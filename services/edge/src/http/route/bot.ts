import { createHash } from "node:crypto";
import { createRoute, z } from "@hono/zod-openapi";
import { Fault } from "@rookery/protocol";
import {
  accountKey,
  type BotRow,
  botSecretOwner,
  deleteBot,
  inTransaction,
  listBots,
  noteBotRequest,
  type Queryable,
  readBot,
  readSealedBot,
  retellCommands,
  rotateWebhookSecret,
  setPrivacyMode,
  updateBot,
  updateUser,
  wasDeleted,
} from "@rookery/store";
import { isTelegramToken, telegramIdOf } from "@rookery/telegram";
import { makeWebhookSecret, registerBot, registerNativeBot, tellAfterMs } from "@rookery/gateway";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import { RequestFault } from "../problem.ts";
import { openNeeds } from "../needs.ts";
import { botSchema, json, page, problem } from "../schema.ts";
import { idempotencyHeaders, idInPath, limitInQuery, text } from "../validation.ts";

const displayName = text({ bytesMin: 1, bytesMax: 256 });
const token = z
  .string()
  .refine(isTelegramToken, "must be a token of Telegram's BotFather")
  .openapi({ example: `123456789:${"A".repeat(35)}` });
const mode = z.enum(["webhook", "polling", "native"]);

const registrationSchema = z.object({
  /** Telegram's own rule; ASCII, so that it stands in a path as it is. */
  username: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{2,31}$/, "must be 3 to 32 of A-Za-z0-9_, a letter first")
    .openapi({ example: "a_bot" }),
  displayName,
  mode,
  token: token.optional(),
});
const changeSchema = z.object({
  displayName: displayName.optional(),
  mode: mode.optional(),
  token: token.optional(),
  privacyMode: z.boolean().optional(),
});

/** Bots of Telegram, and of our own. A bot is seen by its owner alone; to all others it is not there. */
export function registerBotRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, secrets, now } = context;
  const needs = openNeeds(context);
  const params = z.object({ id: idInPath });

  const list = createRoute({
    method: "get",
    path: "/v1/bots",
    summary: "One's bots, by id",
    ...needs("bots:read"),
    request: { query: z.object({ limit: limitInQuery, cursor: z.string().optional() }) },
    responses: { 200: json(page(botSchema), "A page of bots"), default: problem },
  });
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const after = readIdCursor(cursor);
    const rows = await listBots(store, c.get("principal").userId, { after, limit });
    const nextCursor = writeIdCursor(rows.at(-1)?.id, rows.length === limit);
    return c.json({ items: rows.map(toBot), nextCursor }, 200);
  });

  const create = createRoute({
    method: "post",
    path: "/v1/bots",
    summary: "Registers a bot; succeeds also while Telegram cannot be reached",
    ...needs("bots:manage"),
    request: {
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: registrationSchema } } },
    },
    responses: {
      201: json(botSchema, "The bot, with its webhookSecret, or a native one with its token"),
      200: json(botSchema, "The bot an earlier request of this name made"),
      default: problem,
    },
  });
  app.openapi(create, async (c) => {
    const { username, displayName, mode, token } = c.req.valid("json");
    const registration = {
      ownerId: c.get("principal").userId,
      username,
      displayName,
      uuid: c.req.valid("header")["idempotency-key"] ?? null,
      nowMs: now(),
    };
    if (mode === "native") {
      if (token !== undefined) throw wrong("token", "is made here");
      const made = await registerNativeBot(context, { ...registration, requestId: c.get("requestId") });
      return c.json({ ...toBot(made.bot), token: made.token }, made.created ? 201 : 200);
    }
    const registered = await registerBot(context, {
      ...registration,
      mode,
      token: token ?? missing("token"),
      requestId: c.get("requestId"),
    });
    const answer = { ...toBot(registered.bot), webhookSecret: registered.webhookSecret };
    return c.json(answer, registered.created ? 201 : 200);
  });

  const read = createRoute({
    method: "get",
    path: "/v1/bots/{id}",
    summary: "One of one's bots",
    ...needs("bots:read"),
    request: { params },
    responses: { 200: json(botSchema, "The bot"), default: problem },
  });
  app.openapi(read, async (c) => {
    const bot = await readBot(store, c.get("principal").userId, c.req.valid("param").id);
    if (bot === null) throw noBot();
    return c.json(toBot(bot), 200);
  });

  const change = createRoute({
    method: "patch",
    path: "/v1/bots/{id}",
    summary: "Changes a bot's display name, mode or token",
    ...needs("bots:manage"),
    request: { params, body: { required: true, content: { "application/json": { schema: changeSchema } } } },
    responses: { 200: json(botSchema, "The bot"), default: problem },
  });
  app.openapi(change, async (c) => {
    const key = { id: c.req.valid("param").id, ownerId: c.get("principal").userId };
    const { displayName, mode, token, privacyMode } = c.req.valid("json");
    const bot = await inTransaction(store, async (db) => {
      const before = await readBot(db, key.ownerId, key.id);
      if (before === null) throw noBot();
      if (displayName !== undefined) {
        await updateUser(db, key.id, { username: before.username, displayName });
      }
      refuseForeign(before, { mode, token, privacyMode });
      if (privacyMode !== undefined && !(await setPrivacyMode(db, key.id, privacyMode))) throw noBot();
      if (token !== undefined && before.mode !== "native") await demandSameBot(db, before, token);
      if (before.mode !== "native" && (mode !== undefined || token !== undefined)) {
        const meeting = {
          ...(mode === undefined || mode === "native" ? {} : { mode }),
          ...(token === undefined ? {} : { token: secrets.sealSecret(token, botSecretOwner.token(key.id)) }),
        };
        await noteBotRequest(db, key, c.get("requestId"));
        if (!(await updateBot(db, key, meeting, now()))) throw noBot();
        // Who had the old one may have changed the menu, as well as the webhook.
        if (token !== undefined) await retellCommands(db, key.id, now());
      }
      return readBot(db, key.ownerId, key.id);
    });
    if (bot === null) throw noBot();
    return c.json(toBot(bot), 200);
  });

  /** The number before the colon is the bot's at Telegram; another's would bring other people's chats into this one's. */
  const demandSameBot = async (db: Queryable, { username }: BotRow, token: string): Promise<void> => {
    const known = await readSealedBot(db, accountKey(username));
    if (known === null) throw noBot();
    const before = secrets.openSecret(known.token, botSecretOwner.token(known.id));
    if (telegramIdOf(before) !== telegramIdOf(token)) throw wrong("token", "is of another bot of Telegram's");
  };

  const rotate = createRoute({
    method: "post",
    path: "/v1/bots/{id}/secret",
    summary: "Gives a bot's webhook another secret; the old one is taken until Telegram knows the new one",
    ...needs("bots:manage"),
    request: { params },
    responses: { 200: json(botSchema, "The bot, with its new webhookSecret"), default: problem },
  });
  app.openapi(rotate, async (c) => {
    const key = { id: c.req.valid("param").id, ownerId: c.get("principal").userId };
    const webhookSecret = makeWebhookSecret();
    const sealed = secrets.sealSecret(webhookSecret, botSecretOwner.webhook(key.id));
    const digest = createHash("sha256").update(webhookSecret).digest();
    await noteBotRequest(store, key, c.get("requestId"));
    if (!(await rotateWebhookSecret(store, key, { sealed, digest }, now() + tellAfterMs))) throw noBot();
    const bot = await readBot(store, key.ownerId, key.id);
    if (bot === null) throw noBot();
    return c.json({ ...toBot(bot), webhookSecret }, 200);
  });

  const remove = createRoute({
    method: "delete",
    path: "/v1/bots/{id}",
    summary: "Deletes a bot; its chats stay",
    ...needs("bots:manage"),
    request: { params, headers: idempotencyHeaders },
    responses: { 204: { description: "It is gone" }, default: problem },
  });
  app.openapi(remove, async (c) => {
    const key = { id: c.req.valid("param").id, ownerId: c.get("principal").userId };
    const isNamed = c.req.valid("header")["idempotency-key"] !== undefined;
    if (isNamed && (await wasDeleted(store, "bot", key))) return c.body(null, 204);
    await noteBotRequest(store, key, c.get("requestId"));
    if (!(await deleteBot(store, key, now()))) throw noBot();
    return c.body(null, 204);
  });
}

export function toBot(row: BotRow) {
  const { privacyMode, createdMs, webhookError, telegramError, telegramErrorMs, telegramPending, ...rest } =
    row;
  return {
    ...rest,
    userId: row.id,
    lastError: webhookError ?? telegramError,
    lastErrorAt: webhookError === null ? telegramErrorMs : null,
    pendingUpdates: telegramPending,
    createdAt: createdMs,
    ...(privacyMode === null ? {} : { privacyMode }),
  };
}

/** A bot of our own stays one, with a token we make; one of Telegram's is Telegram's, which has its own privacy mode. */
function refuseForeign(bot: BotRow, change: z.output<typeof changeSchema>): void {
  const isNative = bot.mode === "native";
  if (change.mode !== undefined && (change.mode === "native") !== isNative) {
    throw wrong("mode", "a bot of Telegram's and one of our own do not become each other");
  }
  if (isNative && change.token !== undefined) throw wrong("token", "is made here, by POST …/token");
  if (!isNative && change.privacyMode !== undefined)
    throw wrong("privacyMode", "is asked of BotFather for bots of Telegram's");
}

function wrong(path: string, message: string): RequestFault {
  return new RequestFault("invalid", `${path}: ${message}`, [{ path, message }]);
}

function missing(path: string): never {
  throw new RequestFault("invalid", `${path} is missing`, [{ path, message: "is missing" }]);
}

export function noBot(): Fault {
  return new Fault("not_found", "there is no such bot");
}
