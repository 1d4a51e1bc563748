import { z } from "@hono/zod-openapi";
import type { UserRow } from "@rookery/store";

export const userSchema = z
  .object({
    id: z.int(),
    username: z.string().nullable(),
    displayName: z.string(),
    email: z.string().nullable().optional().describe("One's own only"),
    lastSeen: z.int().nullable().describe("Unix milliseconds"),
    status: z
      .enum(["online", "away", "offline"])
      .optional()
      .describe("Of one account, to those who share a chat with its owner; left out while nobody can say"),
    isBot: z.boolean(),
    language: z.string().nullable().describe("An IETF language tag"),
    specialisation: z.string().nullable().describe("By which services choose who does something"),
  })
  .openapi("User");

export type UserView = z.infer<typeof userSchema>;

/** An account as anybody may see it. */
export function viewUser(user: UserRow): UserView {
  const { id, username, displayName, lastSeenMs, isBot, language, specialisation } = user;
  return { id, username, displayName, lastSeen: lastSeenMs, isBot, language, specialisation };
}

/** An account as its owner sees it. */
export function viewSelf(user: UserRow): UserView {
  return { ...viewUser(user), email: user.email };
}
