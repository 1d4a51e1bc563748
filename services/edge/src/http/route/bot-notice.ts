import { createRoute, z } from "@hono/zod-openapi";
import { Fault } from "@rookery/protocol";
import { readBot, readTelegramChatOf } from "@rookery/store";
import { checkForward } from "../../command/forward.ts";
import { sendCommand } from "../../command/send-command.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { contentOf, draftSchema } from "../content-schema.ts";
import { openNeeds } from "../needs.ts";
import { json, problem } from "../schema.ts";
import { submitToChat } from "../submission.ts";
import { id, idempotencyHeaders, idInPath } from "../validation.ts";

const noticeSchema = z
  .object({
    telegramUserId: id.optional(),
    userId: id.optional(),
    message: draftSchema,
  })
  .refine(({ telegramUserId, userId }) => (telegramUserId === undefined) !== (userId === undefined), {
    message: "takes one of telegramUserId and userId",
  });
const answer = z.object({ chatId: z.int(), seq: z.int(), duplicate: z.boolean() });

/** A service tells a person something through a bot that the person has spoken to. */
export function registerBotNoticeRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store } = context;
  const needs = openNeeds(context);

  const notify = createRoute({
    method: "post",
    path: "/v1/bots/{id}/notify",
    summary: "Tells a person something as the bot; answered once it is committed, and on its way to Telegram",
    ...needs("bots:manage"),
    request: {
      params: z.object({ id: idInPath }),
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/json": { schema: noticeSchema } } },
    },
    responses: { 202: json(answer, "Where the message is"), default: problem },
  });
  app.openapi(notify, async (c) => {
    const botId = c.req.valid("param").id;
    const { message, telegramUserId, userId } = c.req.valid("json");
    if ((await readBot(store, c.get("principal").userId, botId)) === null) {
      throw new Fault("not_found", "there is no such bot");
    }
    const chatId = await readTelegramChatOf(store, botId, { telegramUserId, userId });
    // Telegram lets no bot speak to somebody who never spoke to it.
    if (chatId === null) throw new Fault("not_found", "this person has not spoken to the bot");
    const uuid = c.req.valid("header")["idempotency-key"] ?? message.uuid;
    const by = c.get("principal");
    // Its sender is the bot, whoever asks.
    const content = await checkForward(store, contentOf(message), { chatId, uuid: undefined, by });
    const { outcome, duplicate } = await submitToChat(
      context,
      {
        chatId,
        sender: { userId: botId, keyId: null },
        uuid,
        requestId: c.get("requestId"),
        command: sendCommand(content),
      },
      "sent",
    );
    return c.json({ chatId, seq: outcome.seq, duplicate }, 202);
  });
}
