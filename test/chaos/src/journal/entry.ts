/** What journals hold. Times are milliseconds of one clock, `performance.now` of the checker. */

export interface ChatPlace {
  readonly seq: number;
  readonly rev: number;
}

/** Of a sender. */
export type SendEntry =
  | {
      readonly kind: "send";
      readonly uuid: string;
      readonly chatId: number;
      readonly senderId: number;
      readonly body: string;
      /** Of the first sending; repeats are not written. */
      readonly atMs: number;
    }
  | {
      readonly kind: "ack";
      readonly uuid: string;
      readonly chatId: number;
      readonly senderId: number;
      readonly seq: number;
      readonly rev: number;
      readonly ts: number;
      readonly duplicate: boolean;
      readonly edge: number;
      readonly atMs: number;
    }
  | {
      /** Refused for good: by its code a repeat cannot help. */
      readonly kind: "refusal";
      readonly uuid: string;
      readonly chatId: number;
      readonly senderId: number;
      readonly code: string;
      readonly atMs: number;
    }
  | {
      /** A change to a message that is there: its frame, without its name. */
      readonly kind: "ask";
      readonly uuid: string;
      readonly chatId: number;
      readonly senderId: number;
      readonly type: string;
      readonly seq: number;
      readonly body?: string;
      readonly atMs: number;
    }
  | {
      readonly kind: "done";
      readonly uuid: string;
      readonly chatId: number;
      readonly senderId: number;
      readonly seq: number;
      readonly rev: number;
      readonly ts: number;
      readonly duplicate: boolean;
      readonly edge: number;
      readonly atMs: number;
    }
  | {
      /** Refused, as a change may be: the message is deleted, its chat was left, it is another's. */
      readonly kind: "declined";
      readonly uuid: string;
      readonly chatId: number;
      readonly senderId: number;
      readonly code: string;
      readonly atMs: number;
    };

/** Of who brings people in and out, and of what else goes by REST. */
export type InviteEntry =
  | {
      readonly kind: "invite";
      readonly uuid: string;
      readonly chatId: number;
      readonly senderId: number;
      readonly userId: number;
      readonly atMs: number;
    }
  | {
      readonly kind: "invited";
      readonly uuid: string;
      readonly chatId: number;
      readonly userId: number;
      readonly atMs: number;
    }
  | {
      /** To who asked, the chat is not there. */
      readonly kind: "declined";
      readonly uuid: string;
      readonly chatId: number;
      readonly senderId: number;
      readonly atMs: number;
    }
  | {
      /** Somebody is being removed, or leaves: from here on what they ask of the chat may be refused. */
      readonly kind: "part";
      readonly uuid: string;
      readonly chatId: number;
      readonly userId: number;
      readonly atMs: number;
    }
  | {
      /** By REST, which answers once it is committed: somebody has read so far. */
      readonly kind: "read";
      readonly chatId: number;
      readonly userId: number;
      readonly seq: number;
      readonly atMs: number;
    };

/** Of a reader: everything that arrived, in order of arrival. */
export type ReadEntry =
  | { readonly kind: "opened"; readonly link: number; readonly edge: number; readonly atMs: number }
  | {
      /** It follows the chat from here: `base` null when it came by ChatAdded and its place is to be seen. */
      readonly kind: "chat";
      readonly chatId: number;
      readonly base: ChatPlace | null;
      readonly rev: number;
    }
  | { readonly kind: "left"; readonly chatId: number }
  | {
      readonly kind: "receipt";
      readonly chatId: number;
      readonly userId: number;
      readonly deliveredSeq: number;
      readonly readSeq: number;
    }
  | {
      readonly kind: "message";
      readonly chatId: number;
      readonly seq: number;
      readonly uuid: string;
      readonly senderId: number;
      readonly body: string;
      readonly live: boolean;
      readonly link: number;
      readonly atMs: number;
    }
  | {
      readonly kind: "change";
      readonly chatId: number;
      readonly rev: number;
      /** Its frame without what places it. */
      readonly text: string;
      readonly live: boolean;
      readonly link: number;
    };

/** Of who looks into Postgres beside the traffic. */
export type AuditEntry = {
  readonly kind: "audit";
  readonly uuid: string;
  readonly chatId: number;
  /** As told to a client before the look. */
  readonly seq: number;
  /** As found; null when there was nothing. */
  readonly storedSeq: number | null;
  readonly atMs: number;
};

/** Of the nemesis. */
export type FaultEntry =
  | { readonly kind: "begin" | "end"; readonly fault: string; readonly name: string; readonly atMs: number }
  | {
      /** A worker that owned these shards stopped serving them. */
      readonly kind: "bereft";
      readonly fault: string;
      readonly shards: readonly number[];
      readonly atMs: number;
    }
  | {
      /** Between these times Postgres could not commit anything. */
      readonly kind: "frozen";
      readonly fromMs: number;
      readonly toMs: number;
    }
  | {
      /** An end of a process nobody asked for. */
      readonly kind: "exit";
      readonly name: string;
      readonly reason: string;
      readonly served: boolean;
      readonly atMs: number;
    };

export interface ReaderJournal {
  readonly name: string;
  readonly userId: number;
  readonly entries: readonly ReadEntry[];
}

/** Everything that was written down in one run. */
export interface Journals {
  readonly sends: readonly SendEntry[];
  readonly invites: readonly InviteEntry[];
  readonly readers: readonly ReaderJournal[];
  readonly audits: readonly AuditEntry[];
  readonly faults: readonly FaultEntry[];
}
