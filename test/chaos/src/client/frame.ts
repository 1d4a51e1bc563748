/** The frames of CONTRACT §3 that these clients use, as a stranger reads them. */

export interface MessageBody {
  readonly chatId: number;
  readonly seq: number;
  readonly rev: number;
  readonly senderId: number;
  readonly uuid: string;
  readonly body: string;
}

/** What takes a `rev`. */
export interface ChangeFrame {
  readonly type: string;
  readonly chatId: number;
  readonly rev: number;
}

export type ServerFrame =
  | { readonly type: "Hello"; readonly userId: number; readonly userRev: number }
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
  | ({ readonly type: "MemberChanged" } & Omit<ChangeFrame, "type">)
  | {
      readonly type: "ChatAdded";
      readonly chat: { readonly id: number; readonly headSeq: number; readonly rev: number };
      readonly userRev: number;
    }
  | { readonly type: "ChatRemoved"; readonly chatId: number; readonly userRev: number }
  | {
      readonly type: "SyncResult";
      readonly chatId: number;
      readonly messages: readonly MessageBody[];
      readonly changes: readonly ChangeFrame[];
      readonly headSeq: number;
      readonly rev: number;
      readonly more: boolean;
    }
  | { readonly type: "Draining"; readonly reconnectMs: number }
  | { readonly type: "Pong" };

export type ClientFrame =
  | { readonly type: "SendMessage"; readonly uuid: string; readonly chatId: number; readonly body: string }
  | {
      readonly type: "Sync";
      readonly chats: Readonly<Record<string, { readonly seq: number; readonly rev: number }>>;
      readonly userRev?: number;
    }
  | { readonly type: "Ping" };

/** Codes after which the same uuid is sent again (CONTRACT §2). */
export const retryCodes: ReadonlySet<string> = new Set([
  "overloaded",
  "unavailable",
  "rate_limited",
  "internal",
]);
