/** The frames of CONTRACT §3 as a stranger reads them: only what the page promises, and what is said to go beyond it. */

export interface PollBody {
  readonly question: string;
  readonly options: readonly { readonly text: string; readonly userIds: readonly number[] }[];
  readonly multiple: boolean;
  readonly closed?: boolean;
}

/** What a message of kind `service` tells. */
interface ServiceBody {
  readonly action: string;
  readonly userIds: readonly number[];
  readonly title?: string;
  readonly role?: string;
}

export interface AttachmentBody {
  readonly fileId: string;
  readonly kind: string;
  readonly name?: string;
  readonly size?: number;
  readonly mime?: string;
}

interface KeyboardBody {
  readonly rows: readonly {
    readonly buttons: readonly { readonly text: string; readonly data?: string }[];
  }[];
  readonly place?: string;
}

export interface MessageBody {
  readonly chatId: number;
  readonly seq: number;
  readonly rev: number;
  readonly senderId: number;
  readonly uuid: string;
  readonly kind: string;
  readonly body: string;
  readonly ts: number;
  readonly source: string;
  readonly entities: readonly object[];
  readonly replyTo: number | null;
  readonly forward: object | null;
  readonly attachments: readonly AttachmentBody[];
  readonly reactions: Readonly<Record<string, readonly number[]>>;
  readonly pinned: boolean;
  readonly editedAt: number | null;
  readonly deletedAt: number | null;
  readonly service?: ServiceBody;
  readonly poll?: PollBody;
  readonly location?: object;
  readonly contact?: object;
  readonly keyboard?: KeyboardBody;
  readonly viaBotId?: number;
  readonly telegram?: { readonly state: string; readonly messageId?: number; readonly error?: string };
}

/** What a change to a chat has, whatever it is. */
interface Changed {
  readonly chatId: number;
  readonly rev: number;
}

/** The frames that take a rev; `SyncResult` repeats them. */
export type ChangeFrame = Changed &
  (
    | {
        readonly type: "MessageEdited";
        readonly seq: number;
        readonly body: string;
        readonly entities: readonly object[];
        readonly editedAt: number;
      }
    | { readonly type: "MessageDeleted"; readonly seq: number }
    | {
        readonly type: "Reaction";
        readonly seq: number;
        readonly userId: number;
        readonly emoji: string;
        readonly remove: boolean;
      }
    | {
        readonly type: "MessageSettled";
        readonly seq: number;
        readonly telegram: { readonly state: string; readonly messageId?: number; readonly error?: string };
      }
    | { readonly type: "Pinned"; readonly seq: number; readonly remove: boolean }
    | { readonly type: "PollClosed"; readonly seq: number }
    | {
        readonly type: "Voted";
        readonly seq: number;
        readonly userId: number;
        readonly options: readonly number[];
      }
    | {
        readonly type: "MemberChanged";
        readonly userId: number;
        readonly role: string;
        readonly change: string;
      }
    | { readonly type: "AccessChanged"; readonly subject: string; readonly mayRead: boolean }
    | {
        readonly type: "ChatUpdated";
        readonly chat: { readonly id: number; readonly title: string | null };
      }
  );

export interface ChatBody {
  readonly id: number;
  readonly type: string;
  readonly title: string | null;
  readonly headSeq: number;
  readonly rev: number;
  readonly unread: number;
  readonly lastMessage: MessageBody | null;
  readonly role: string;
  readonly createdAt: number;
}

/** How far a member has come. */
export interface MarkBody {
  readonly userId: number;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

export type ServerFrame =
  | {
      readonly type: "Hello";
      readonly userId: number;
      readonly connId: string;
      readonly heartbeatMs: number;
      readonly frameBytesMax: number;
      readonly serverTime: number;
      readonly userRev: number;
    }
  | {
      readonly type: "Ack";
      readonly uuid: string;
      readonly chatId: number;
      readonly seq: number;
      readonly rev: number;
      readonly ts: number;
      readonly duplicate: boolean;
    }
  | {
      readonly type: "Error";
      readonly uuid?: string;
      readonly code: string;
      readonly message: string;
      readonly retryMs?: number;
    }
  | ({ readonly type: "Message" } & MessageBody)
  | ChangeFrame
  | ({ readonly type: "Receipt"; readonly chatId: number } & MarkBody)
  | {
      readonly type: "CallbackAnswer";
      readonly uuid: string;
      readonly text?: string;
      readonly alert?: boolean;
      readonly url?: string;
    }
  | {
      readonly type: "InlineResults";
      readonly uuid: string;
      readonly queryId: number;
      readonly results: readonly { readonly id: string; readonly type: string; readonly title?: string }[];
      readonly nextOffset?: string;
    }
  | {
      readonly type: "Draft";
      readonly chatId: number;
      readonly userId: number;
      readonly draftId: number;
      readonly body: string;
    }
  | { readonly type: "Joined"; readonly uuid: string; readonly chatId: number; readonly state: string }
  | { readonly type: "Receipts"; readonly chatId: number; readonly receipts: readonly MarkBody[] }
  | { readonly type: "Typing"; readonly chatId: number; readonly userId: number }
  | {
      readonly type: "Presence";
      readonly userId: number;
      readonly status: string;
      readonly lastSeen: number | null;
    }
  | { readonly type: "ChatAdded"; readonly chat: ChatBody; readonly userRev: number }
  | { readonly type: "ChatRemoved"; readonly chatId: number; readonly userRev: number }
  | {
      readonly type: "SyncResult";
      readonly chatId: number;
      readonly messages: readonly MessageBody[];
      readonly changes: readonly ChangeFrame[];
      readonly receipts: readonly MarkBody[];
      readonly headSeq: number;
      readonly rev: number;
      readonly more: boolean;
    }
  | { readonly type: "Watched"; readonly channels: readonly string[] }
  | { readonly type: "Authed"; readonly expiresAt: number }
  | { readonly type: "Draining"; readonly reconnectMs: number }
  | { readonly type: "Pong"; readonly t?: number };

export type FrameType = ServerFrame["type"];
export type FrameOf<T extends FrameType> = Extract<ServerFrame, { readonly type: T }>;

/** What a client sends; loose, since bad frames are part of the subject. */
export interface ClientFrame {
  readonly type: string;
  readonly [field: string]: unknown;
}

const changeTypes: ReadonlySet<string> = new Set<ChangeFrame["type"]>([
  "MessageEdited",
  "MessageDeleted",
  "Reaction",
  "MessageSettled",
  "Pinned",
  "Voted",
  "PollClosed",
  "MemberChanged",
  "AccessChanged",
  "ChatUpdated",
]);

/** Whether a frame takes a rev. */
export function isChange(frame: ServerFrame): frame is ChangeFrame {
  return changeTypes.has(frame.type);
}
