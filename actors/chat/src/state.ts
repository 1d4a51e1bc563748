import type { AclEntry, AclSubject, ChatId, ChatType, MemberRole, Rev, Seq, UserId } from "@rookery/protocol";
import type { ChatSettings, TelegramPlace } from "@rookery/store";
import type { Receipts } from "./receipt.ts";
import type { Recollection } from "./recollection.ts";

export interface Membership {
  readonly role: MemberRole;
  /** Messages after this one reach them live. */
  readonly joinedSeq: Seq;
  readonly joinedMs: number;
  /** The chat's rev when they came or were last changed. */
  readonly rev: Rev;
}

/** A chat as its actor holds it; never changed in place, parts that stay the same are shared. */
export interface ChatState {
  readonly id: ChatId;
  readonly type: ChatType;
  readonly title: string | null;
  readonly headSeq: Seq;
  readonly rev: Rev;
  readonly createdBy: UserId;
  readonly createdMs: number;
  /** Ended for everybody. */
  readonly deletedMs: number | null;
  readonly telegram: TelegramPlace | null;
  readonly members: ReadonlyMap<UserId, Membership>;
  readonly receipts: Receipts;
  /** What the chat allows somebody beside their role. */
  readonly acl: ReadonlyMap<AclSubject, AclEntry>;
  /** What it is and allows beside that. */
  readonly settings: ChatSettings;
  /** Messages at hand; the others are fetched before a command about them is decided. */
  readonly recent: Recollection;
}
