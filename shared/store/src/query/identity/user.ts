import type { UserId } from "@rookery/protocol";

export type UserRole = "member" | "operator" | "service" | "admin";

/** A person or bot, without anything that proves who it is. */
export interface UserRow {
  readonly id: UserId;
  readonly username: string | null;
  /** Told to nobody but its owner. */
  readonly email: string | null;
  readonly displayName: string;
  readonly role: UserRole;
  readonly isBot: boolean;
  /** An IETF language tag, such as `pt-BR`. */
  readonly language: string | null;
  /** Free text, by which services choose who does something. */
  readonly specialisation: string | null;
  /** Since when nobody can log in to it; null: they can. */
  readonly disabledMs: number | null;
  readonly createdMs: number;
  readonly lastSeenMs: number | null;
}

/** The columns of `UserRow`. */
export const userColumns = `id, username, email, display_name as "displayName", role, is_bot as "isBot",
  language, specialisation, disabled_ms as "disabledMs",
  created_ms as "createdMs", last_seen_ms as "lastSeenMs"`;
