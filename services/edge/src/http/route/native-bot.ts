import { createRoute, z } from "@hono/zod-openapi";
import { changeNativeToken } from "@rookery/gateway";
import { readChat, readNativeBot, resolveBotCommands, shareChat } from "@rookery/store";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { openNeeds } from "../needs.ts";
import { botSchema, json, problem } from "../schema.ts";
import { idInPath } from "../validation.ts";
import { noBot, toBot } from "./bot.ts";

const menuSchema = z
  .object({
    commands: z.array(z.object({ command: z.string(), description: z.string() })),
  })
  .openapi("BotCommands");

const menuQuery = z.object({
  language: z
    .string()
    .regex(/^[a-z]{2}$/, "must be two letters, as ISO 639-1 has them")
    .optional()
    .openapi({ example: "de" }),
  chatId: idInPath.optional().describe("Where the commands are to be said"),
});

/** What only bots of our own have: a token we make, and a menu that our clients show. */
export function registerNativeBotRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, now } = context;
  const needs = openNeeds(context);
  const params = z.object({ id: idInPath });

  const change = createRoute({
    method: "post",
    path: "/v1/bots/{id}/token",
    summary: "Gives a native bot another token; the old one is nobody's at once",
    ...needs("bots:manage"),
    request: { params },
    responses: { 200: json(botSchema, "The bot, with its new token"), default: problem },
  });
  app.openapi(change, async (c) => {
    const key = { id: c.req.valid("param").id, ownerId: c.get("principal").userId };
    const request = { requestId: c.get("requestId"), nowMs: now() };
    const changed = await changeNativeToken(context, key, request);
    if (changed === null) throw noBot();
    return c.json({ ...toBot(changed.bot), token: changed.token }, 200);
  });

  const menu = createRoute({
    method: "get",
    path: "/v1/bots/{id}/commands",
    summary: "What a native bot offers those who share a chat with it",
    ...needs("bots:read"),
    request: { params, query: menuQuery },
    responses: { 200: json(menuSchema, "The menu, maybe empty"), default: problem },
  });
  app.openapi(menu, async (c) => {
    const botId = c.req.valid("param").id;
    const { language, chatId } = c.req.valid("query");
    const { userId } = c.get("principal");
    const bot = await readNativeBot(store, botId);
    if (bot === null || (bot.ownerId !== userId && !(await shareChat(store, userId, botId)))) throw noBot();
    const scopes = await scopesFor(userId, chatId);
    const languages = language === undefined ? [""] : [language, ""];
    const commands = await resolveBotCommands(store, botId, scopes, languages);
    return c.json({ commands: commands.map(({ command, description }) => ({ command, description })) }, 200);
  });

  /** From the narrowest to the widest, as Telegram's clients look; without a chat as in a private one. */
  const scopesFor = async (userId: number, chatId: number | undefined): Promise<readonly string[]> => {
    const place = chatId === undefined ? null : await readChat(store, userId, chatId);
    if (chatId === undefined || place === null) return ["all_private_chats", "default"];
    if (place.type === "direct") return [`chat:${chatId}`, "all_private_chats", "default"];
    const leads = place.role === "owner" || place.role === "admin";
    return [
      `chat_member:${chatId}:${userId}`,
      ...(leads ? [`chat_administrators:${chatId}`] : []),
      `chat:${chatId}`,
      ...(leads ? ["all_chat_administrators"] : []),
      "all_group_chats",
      "default",
    ];
  };
}
