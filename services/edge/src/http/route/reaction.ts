import { createRoute, z } from "@hono/zod-openapi";
import type { Principal } from "@rookery/auth";
import { type ChatId, emojiPattern, limits, type Seq } from "@rookery/protocol";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { openNeeds } from "../needs.ts";
import { problem } from "../schema.ts";
import { submitToChat } from "../submission.ts";
import { idempotencyHeaders, idInPath, text } from "../validation.ts";

const place = z.object({
  id: idInPath,
  seq: idInPath,
  emoji: text({ bytesMax: limits.emojiBytesMax })
    .regex(emojiPattern, "must be an emoji")
    .openapi({ example: "👍" }),
});

/** Reactions to messages. */
export function registerReactionRoutes(app: EdgeApp, context: EdgeContext): void {
  const needs = openNeeds(context);
  const path = "/v1/chats/{id}/messages/{seq}/reactions/{emoji}";
  const request = { params: place, headers: idempotencyHeaders };

  const react = async (asked: {
    readonly chatId: ChatId;
    readonly sender: Principal;
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
    ...needs("messages:write"),
    request,
    responses: { 204: { description: "The reaction is there" }, default: problem },
  });
  app.openapi(add, async (c) => {
    const { id: chatId, seq, emoji } = c.req.valid("param");
    const uuid = c.req.valid("header")["idempotency-key"];
    const by = { sender: c.get("principal"), uuid, requestId: c.get("requestId") };
    await react({ ...by, chatId, seq, emoji, remove: false });
    return c.body(null, 204);
  });

  const remove = createRoute({
    method: "delete",
    path,
    summary: "Takes a reaction back",
    ...needs("messages:write"),
    request,
    responses: { 204: { description: "The reaction is gone" }, default: problem },
  });
  app.openapi(remove, async (c) => {
    const { id: chatId, seq, emoji } = c.req.valid("param");
    const uuid = c.req.valid("header")["idempotency-key"];
    const by = { sender: c.get("principal"), uuid, requestId: c.get("requestId") };
    await react({ ...by, chatId, seq, emoji, remove: true });
    return c.body(null, 204);
  });
}
