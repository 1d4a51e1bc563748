import type { UserId } from "@rookery/protocol";

export type UserRole = "member" | "admin";

/** A person or bot, without anything that proves who it is. */
export interface UserRow {
  readonly id: UserId;
  readonly username: string | null;
  /** Told to nobody but its owner. */
  readonly email: string | null;
  readonly displayName: string;
  readonly role: UserRole;
  readonly isBot: boolean;
  readonly createdMs: number;
  readonly lastSeenMs: number | null;
}

/** The columns of `UserRow`. */
export const userColumns = `id, username, email, display_name as "displayName", role, is_bot as "isBot",
  created_ms as "createdMs", last_seen_ms as "lastSeenMs"`;
