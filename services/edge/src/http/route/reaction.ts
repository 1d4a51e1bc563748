import { createRoute, z } from "@hono/zod-openapi";
import { type ChatId, emojiPattern, limits, type Seq, type UserId } from "@rookery/protocol";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { requireUser } from "../require-user.ts";
import { problem, security } from "../schema.ts";
import { submitToChat } from "../submission.ts";
import { idempotencyHeaders, idInPath, text } from "../validation.ts";

const place = z.object({
  id: idInPath,
  seq: idInPath,
  emoji: text({ bytesMax: limits.emojiBytesMax }).regex(emojiPattern, "must be an emoji"),
});

/** Reactions to messages. */
export function registerReactionRoutes(app: EdgeApp, context: EdgeContext): void {
  const user = requireUser(context);
  const path = "/v1/chats/{id}/messages/{seq}/reactions/{emoji}";
  const request = { params: place, headers: idempotencyHeaders };

  const react = async (asked: {
    readonly chatId: ChatId;
    readonly senderId: UserId;
    readonly uuid: string | undefined;
    readonly requestId: string;
    readonly seq: Seq;
    readonly emoji: string;
    readonly remove: boolean;
  }): Promise<void> => {
    const { seq, emoji, remove, ...submission } = asked;
    const command = { kind: "react", seq, emoji, remove } as const;
    await submitToChat(context, { ...submission, command }, "changed");
  };

  const add = createRoute({
    method: "put",
    path,
    summary: "Reacts to a message",
    security,
    middleware: user,
    request,
    responses: { 204: { description: "The reaction is there" }, default: problem },
  });
  app.openapi(add, async (c) => {
    const { id: chatId, seq, emoji } = c.req.valid("param");
    const uuid = c.req.valid("header")["idempotency-key"];
    const by = { senderId: c.get("principal").userId, uuid, requestId: c.get("requestId") };
    await react({ ...by, chatId, seq, emoji, remove: false });
    return c.body(null, 204);
  });

  const remove = createRoute({
    method: "delete",
    path,
    summary: "Takes a reaction back",
    security,
    middleware: user,
    request,
    responses: { 204: { description: "The reaction is gone" }, default: problem },
  });
  app.openapi(remove, async (c) => {
    const { id: chatId, seq, emoji } = c.req.valid("param");
    const uuid = c.req.valid("header")["idempotency-key"];
    const by = { senderId: c.get("principal").userId, uuid, requestId: c.get("requestId") };
    await react({ ...by, chatId, seq, emoji, remove: true });
    return c.body(null, 204);
  });
}
