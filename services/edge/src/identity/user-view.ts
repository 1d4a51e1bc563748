import { z } from "@hono/zod-openapi";
import type { UserRow } from "@rookery/store";

export const userSchema = z
  .object({
    id: z.int(),
    username: z.string().nullable(),
    displayName: z.string(),
    email: z.string().nullable().optional().describe("One's own only"),
    lastSeen: z.int().nullable().describe("Unix milliseconds"),
    isBot: z.boolean(),
  })
  .openapi("User");

export type UserView = z.infer<typeof userSchema>;

/** An account as anybody may see it. */
export function viewUser({ id, username, displayName, lastSeenMs, isBot }: UserRow): UserView {
  return { id, username, displayName, lastSeen: lastSeenMs, isBot };
}

/** An account as its owner sees it. */
export function viewSelf(user: UserRow): UserView {
  return { ...viewUser(user), email: user.email };
}
