/**
 * What a chat is and allows beside its title and roles: its description and picture, what its members and each of its
 * administrators may do, and the links by which people come. Rights have the names of Telegram's, without `can_`.
 */
import type { Attachment } from "./frame.ts";
import type { UserId } from "./id.ts";

/** What a member of a group may do. */
export const memberPermissions = [
  "send_messages",
  "send_audios",
  "send_documents",
  "send_photos",
  "send_videos",
  "send_video_notes",
  "send_voice_notes",
  "send_polls",
  "send_other_messages",
  "add_web_page_previews",
  "react_to_messages",
  "change_info",
  "invite_users",
  "pin_messages",
] as const;
export type MemberPermission = (typeof memberPermissions)[number];

/** What members may not where nobody has said otherwise. */
export const usuallyForbidden: readonly MemberPermission[] = ["change_info", "pin_messages"];

/** What an administrator may do beyond writing. */
export const adminRights = [
  "manage_chat",
  "delete_messages",
  "restrict_members",
  "promote_members",
  "change_info",
  "invite_users",
  "pin_messages",
  "post_messages",
  "edit_messages",
] as const;
export type AdminRight = (typeof adminRights)[number];

/** What administrators may of whom nobody has said otherwise. */
export const usualRights: readonly AdminRight[] = adminRights.filter(
  (each) => each !== "promote_members" && each !== "edit_messages",
);

/** What is not said is as usual. */
export interface ChatAbout {
  readonly description?: string;
  readonly photo?: Attachment;
  /** What its members may not. */
  readonly forbids?: readonly MemberPermission[];
}

/** What is so of one person in a chat; what is not said is as the role and the chat say. */
export interface MemberTrait {
  /** An administrator's, shown beside the name. */
  readonly title?: string;
  readonly rights?: readonly AdminRight[];
  /** Who made them one. */
  readonly promotedBy?: UserId;
  /** What a member may not, until then. */
  readonly forbids?: readonly MemberPermission[];
  readonly untilMs?: number;
  /** Whoever is banned may come again then. */
  readonly bannedUntilMs?: number;
}

/** A link by which people come into a chat. */
export interface ChatLink {
  readonly code: string;
  /** Where it leads, as it was when it was made. */
  readonly url: string;
  readonly creatorId: UserId;
  readonly name?: string;
  readonly expiresMs?: number;
  /** How many may come by it. */
  readonly memberLimit?: number;
  /** Whoever comes by it asks, and is let in or not. */
  readonly asks: boolean;
  /** The one its creator has without a name. */
  readonly isPrimary: boolean;
  readonly isRevoked: boolean;
  readonly joined: number;
}

/** A link as it is asked for. */
export type LinkDraft = Omit<ChatLink, "creatorId" | "isRevoked" | "joined">;

/** Somebody who asks to be let in. */
export interface JoinRequest {
  readonly userId: UserId;
  readonly code: string;
  readonly askedMs: number;
}

/** In one chat (L7). */
export const traitsMax = 1_000;
export const linksMax = 200;
export const joinRequestsMax = 1_000;
export const descriptionCharsMax = 255;
export const adminTitleCharsMax = 16;
export const linkNameCharsMax = 32;
export const linkMembersMax = 99_999;
