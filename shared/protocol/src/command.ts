/**
 * Commands: what edges and actors ask of actors, by way of the log. JSON on the wire; a command is checked where it
 * enters the cluster, so what is read from the log is trusted in shape and only judged in meaning.
 */
import type { AclEntry, AclSubject } from "./acl.ts";
import type { AdminRight, LinkDraft, MemberPermission } from "./chat-setting.ts";
import type { BotExtra } from "./bot-extra.ts";
import type { FaultInfo } from "./fault.ts";
import type {
  Attachment,
  ChatType,
  Contact,
  Entity,
  Forward,
  Keyboard,
  Location,
  Mark,
  MemberRole,
  PollDraft,
  Source,
  TelegramState,
} from "./frame.ts";
import type { InlineVia } from "./inline.ts";
import type { IncomingUpdate, TelegramChange } from "./job.ts";
import type { ActorRef, ChatId, KeyId, Rev, Seq, UserId } from "./id.ts";

/** How a chat comes to be. Its id was reserved in `chat_key` before, so a repeat names the same chat. */
export interface Birth {
  readonly type: ChatType;
  readonly title: string | null;
  /** Owner first for groups; both sides of a direct chat. The creator is among them. */
  readonly members: readonly { readonly userId: UserId; readonly role: MemberRole }[];
  /** A Telegram chat's identity there. */
  readonly telegram?: { readonly botId: number; readonly chatId: number };
}

export type ChatCommand =
  | { readonly kind: "create"; readonly birth: Birth }
  | {
      readonly kind: "send";
      readonly messageKind: string;
      readonly body: string;
      readonly entities?: readonly Entity[];
      readonly replyTo?: Seq;
      readonly forward?: Forward;
      readonly attachments?: readonly Attachment[];
      readonly poll?: PollDraft;
      readonly location?: Location;
      readonly contact?: Contact;
      readonly keyboard?: Keyboard;
      /** Of a bot of ours. */
      readonly extra?: BotExtra;
      /** What a bot of ours offered, chosen by the sender. */
      readonly via?: InlineVia;
      /** Said by this bot, in a chat of its own: its name is the message's sender, also when it comes by relay. */
      readonly botId?: UserId;
      /** One of many, as a broadcast sends them: on its way out it gives way to conversations. */
      readonly bulk?: boolean;
      /** Only from the Telegram gateway: the sender need not be a member, and the chat may have to be born. */
      readonly telegram?: {
        readonly state: TelegramState;
        readonly birth: Birth;
        readonly update?: IncomingUpdate;
        /** Telegram's id of what it answers. */
        readonly replyToMessageId?: number;
        /** The chat has this id there from now on. */
        readonly movedTo?: number;
      };
    }
  /**
   * Something of Telegram's about the chat that is no message: kept, and routed; `change` is what it makes of the chat. The
   * chat may have to be born, where it names the chat: a vote does not.
   */
  | {
      readonly kind: "update";
      readonly update: IncomingUpdate;
      readonly birth?: Birth;
      readonly change?: TelegramChange;
    }
  /** Telegram told the courier, not by an update: the group is a supergroup. Idempotent by content. */
  | { readonly kind: "moved"; readonly telegramChatId: number }
  | { readonly kind: "edit"; readonly seq: Seq; readonly body: string; readonly entities?: readonly Entity[] }
  /** By a bot of ours, of its own message: what is not said stays, what is null goes. `conflict` when nothing would change. */
  | {
      readonly kind: "rewrite";
      readonly seq: Seq;
      readonly messageKind?: string;
      readonly body?: string;
      readonly entities?: readonly Entity[];
      readonly attachments?: readonly Attachment[];
      readonly keyboard?: Keyboard | null;
      readonly location?: Location;
      readonly extra?: BotExtra | null;
    }
  /** By a bot of ours, of its own poll. `conflict` when it is closed. */
  | { readonly kind: "closePoll"; readonly seq: Seq; readonly keyboard?: Keyboard | null }
  /** By relay, in the bot's name: a message of its own, by Telegram's id, is another from here on, without a keyboard if none is told. */
  | {
      readonly kind: "amend";
      readonly botId: UserId;
      readonly messageId: number;
      readonly body: string;
      readonly keyboard?: Keyboard;
    }
  | { readonly kind: "delete"; readonly seq: Seq }
  | { readonly kind: "react"; readonly seq: Seq; readonly emoji: string; readonly remove: boolean }
  /** Takes another's reactions away; by who may delete what others say. */
  | { readonly kind: "unreact"; readonly seq: Seq; readonly userId: UserId }
  | { readonly kind: "pin"; readonly seq: Seq; readonly remove: boolean }
  /** The options chosen, by place; none takes the vote back. */
  | { readonly kind: "vote"; readonly seq: Seq; readonly options: readonly number[] }
  /** An entry of the chat's ACL in place of the one there is; all null takes it away. */
  | {
      readonly kind: "allow";
      readonly subject: AclSubject;
      readonly entry: AclEntry;
      /** By somebody who administers all chats, as the edge knows; in the chat they may be nobody. */
      readonly isAdministrator: boolean;
    }
  /** A button of a bot of our own; `queryId` names the press, which `edge` waits to see answered. */
  | {
      readonly kind: "press";
      readonly seq: Seq;
      readonly data: string;
      readonly queryId: number;
      readonly edge: string;
    }
  | { readonly kind: "rename"; readonly title: string }
  /** What is not said stays, what is null goes. */
  | {
      readonly kind: "describe";
      readonly description?: string | null;
      readonly photo?: Attachment | null;
      readonly forbids?: readonly MemberPermission[];
    }
  /** One member may less than others, until then or until it is said again; nothing forbidden frees them. */
  | {
      readonly kind: "restrict";
      readonly userId: UserId;
      readonly forbids: readonly MemberPermission[];
      readonly untilMs?: number;
    }
  /** Makes an administrator of somebody, who may this; without any right a member again. */
  | { readonly kind: "promote"; readonly userId: UserId; readonly rights: readonly AdminRight[] }
  /** What is shown beside an administrator's name; empty: nothing. */
  | { readonly kind: "entitle"; readonly userId: UserId; readonly title: string }
  /** Out, and not in again before then. */
  | { readonly kind: "ban"; readonly userId: UserId; readonly untilMs?: number }
  /** May come again; who is there and was not banned goes, unless only the ban was meant. */
  | { readonly kind: "unban"; readonly userId: UserId; readonly onlyIfBanned: boolean }
  /** A link, new or as it is from now on. A primary one takes the place of its creator's before it. */
  | { readonly kind: "link"; readonly link: LinkDraft; readonly isNew: boolean }
  | { readonly kind: "revokeLink"; readonly code: string; readonly next?: LinkDraft }
  /** By somebody who is not there yet. */
  | { readonly kind: "join"; readonly code: string }
  /** Lets somebody in who asked, or not. */
  | { readonly kind: "admit"; readonly userId: UserId; readonly isApproved: boolean }
  | { readonly kind: "invite"; readonly userIds: readonly UserId[] }
  | { readonly kind: "role"; readonly userId: UserId; readonly role: MemberRole }
  | { readonly kind: "remove"; readonly userId: UserId }
  | { readonly kind: "leave" }
  /** The end of the chat for everybody; the chat itself says it again until the last of many members is gone. */
  | { readonly kind: "disband" }
  /** What became of a message's way to Telegram; from the courier, idempotent by content. */
  | { readonly kind: "settle"; readonly seq: Seq; readonly telegram: TelegramState }
  /** How far members have come, from an edge for all its sockets; idempotent by content, so it has no name. */
  | { readonly kind: "mark"; readonly marks: readonly Mark[] };

/** From chats to the user concerned. `chatRev` orders them: an older one changes nothing. */
export type UserCommand = {
  readonly kind: "joined" | "left";
  readonly chatId: ChatId;
  readonly chatRev: Rev;
};

/** To the bot concerned, where no chat is: from Telegram inline queries, polls, payments. */
export type BotCommand =
  | { readonly kind: "update"; readonly update: IncomingUpdate }
  /** Its sender asks a bot of ours for something to send; `queryId` names the question, which `edge` waits to see answered. */
  | {
      readonly kind: "inline";
      readonly query: string;
      readonly offset: string;
      readonly queryId: number;
      readonly edge: string;
    };

export type Command = ChatCommand | UserCommand | BotCommand;

/** A command with its address and its name (L3): scope, sender, uuid. */
export interface AddressedCommand {
  readonly actor: ActorRef;
  readonly senderId: UserId;
  /** The API key its sender used, for what a chat allows `key:7` (ACL). */
  readonly keyId?: KeyId;
  /** Empty: a repeat changes nothing by the command's content, so nobody looks for its first outcome. */
  readonly uuid: string;
  readonly source: Source;
  readonly command: Command;
  /** Follows a request through the logs of all processes. */
  readonly requestId?: string;
}

/** As it lies in the log. `ref` names it at its edge; a relayed command has `relayId` and nobody to answer. */
export interface LoggedCommand extends AddressedCommand {
  readonly ref?: number;
  readonly relayId?: string;
}

/** One message of the log: what one process asks of one shard in one tick. */
export interface CommandBatch {
  /** The asking process, where replies go: an edge's id, or null from a worker's relay. */
  readonly edge: string | null;
  readonly commands: readonly LoggedCommand[];
}

/** What a committed command led to; kept, and given again to every repeat. */
export type Outcome =
  | { readonly kind: "sent"; readonly seq: Seq; readonly rev: Rev; readonly ts: number }
  /** `seq` is the message that was changed, or the head of a chat that was; `rev` what the change took. */
  | { readonly kind: "changed"; readonly seq: Seq; readonly rev: Rev; readonly ts: number }
  | { readonly kind: "created"; readonly chatId: ChatId; readonly created: boolean }
  | { readonly kind: "invited"; readonly added: readonly UserId[]; readonly already: readonly UserId[] }
  | { readonly kind: "pressed"; readonly queryId: number }
  /** By a link: in the chat, or waiting to be let in. */
  | { readonly kind: "joined"; readonly state: "joined" | "asked" }
  | { readonly kind: "noted" };

/** A refusal is no outcome: nothing was written, a repeat is decided anew. */
export type Reply =
  | { readonly kind: "done"; readonly outcome: Outcome; readonly duplicate: boolean }
  | { readonly kind: "refused"; readonly fault: FaultInfo };
