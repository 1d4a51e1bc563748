/**
 * What a client knows of one chat, from frames alone. It keeps a seq it has and ignores it when it comes again, and takes
 * changes in rev order: what comes before its turn waits, for the Sync that is on its way. Pure.
 */
import type { ChangeFrame, MarkBody, MessageBody, PollBody } from "@rookery/kit";

type Change<T extends ChangeFrame["type"]> = Extract<ChangeFrame, { readonly type: T }>;

export interface Mark {
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/**
 * A message as it is compared: with nothing where one of the formats leaves something out. When it was deleted is not told
 * by the frame that says so.
 */
export interface ViewedMessage {
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
  readonly reactions: Readonly<Record<string, readonly number[]>>;
  readonly pinned: boolean;
  readonly editedAt: number | null;
  readonly isDeleted: boolean;
  readonly service: MessageBody["service"] | null;
  readonly poll: PollBody | null;
}

export class ChatView {
  readonly chatId: number;
  readonly type: string;
  title: string | null;
  /** Everything up to here is known. */
  seq = 0;
  rev = 0;
  readonly messages = new Map<number, ViewedMessage>();
  readonly marks = new Map<number, Mark>();
  /** Changes that came before those in front of them. */
  readonly early = new Map<number, ChangeFrame>();
  readonly #coming: Change<"MemberChanged">[] = [];
  #titleRev = 0;

  constructor(chat: {
    readonly id: number;
    readonly type: string;
    readonly title: string | null;
    readonly rev: number;
  }) {
    this.chatId = chat.id;
    this.type = chat.type;
    this.title = chat.title;
    this.#titleRev = chat.rev;
  }

  message(message: MessageBody): void {
    if (this.messages.has(message.seq)) return;
    this.messages.set(message.seq, viewed(message));
    while (this.messages.has(this.seq + 1)) this.seq += 1;
  }

  change(frame: ChangeFrame): void {
    if (frame.rev <= this.rev) return;
    this.early.set(frame.rev, frame);
    for (let next = this.early.get(this.rev + 1); next !== undefined; next = this.early.get(this.rev + 1)) {
      this.early.delete(next.rev);
      this.rev = next.rev;
      this.#apply(next);
    }
  }

  /** Marks go forward only; in whatever order they come. */
  mark({ userId, deliveredSeq, readSeq }: MarkBody): void {
    const known = this.marks.get(userId) ?? { deliveredSeq: 0, readSeq: 0 };
    this.marks.set(userId, {
      deliveredSeq: Math.max(known.deliveredSeq, deliveredSeq),
      readSeq: Math.max(known.readSeq, readSeq),
    });
  }

  /** Who is in it, and as what: those it began with, and who came and went since. */
  members(): Map<number, string> {
    const members = new Map<number, string>();
    const born = this.messages.get(1);
    if (born?.service?.action === "created") {
      const role = this.type === "channel" ? "reader" : "member";
      for (const userId of born.service.userIds) members.set(userId, role);
      members.set(born.senderId, "owner");
    }
    for (const { userId, role, change } of this.#coming) {
      if (change === "left" || change === "removed") members.delete(userId);
      else members.set(userId, role);
    }
    return members;
  }

  #apply(frame: ChangeFrame): void {
    switch (frame.type) {
      case "MemberChanged":
        this.#coming.push(frame);
        // Whoever goes takes their marks along, and begins anew when they come back.
        if (frame.change !== "role") this.marks.delete(frame.userId);
        return;
      case "ChatUpdated":
        if (frame.rev > this.#titleRev) this.title = frame.chat.title;
        return;
      case "MessageSettled":
        // No chat of these is Telegram's.
        return;
      case "AccessChanged":
        // Nobody here touches an ACL; what it does is told by the feed.
        return;
      case "MessageEdited":
      case "MessageDeleted":
      case "Reaction":
      case "Pinned":
      case "PollClosed":
      case "Voted": {
        const message = this.messages.get(frame.seq);
        // Read after that change, or not at all yet: then it comes with the change in it.
        if (message === undefined || message.rev >= frame.rev) return;
        this.messages.set(frame.seq, { ...changed(message, frame), rev: frame.rev });
      }
    }
  }
}

export function viewed(message: MessageBody): ViewedMessage {
  const { seq, rev, senderId, uuid, kind, body, ts, source, entities, reactions, pinned } = message;
  return {
    seq,
    rev,
    senderId,
    uuid,
    kind,
    body,
    ts,
    source,
    entities,
    reactions,
    pinned,
    replyTo: message.replyTo ?? null,
    editedAt: message.editedAt ?? null,
    isDeleted: (message.deletedAt ?? null) !== null,
    service: message.service ?? null,
    poll: message.poll ?? null,
  };
}

function changed(
  message: ViewedMessage,
  frame: Change<"MessageEdited" | "MessageDeleted" | "Reaction" | "Pinned" | "PollClosed" | "Voted">,
): ViewedMessage {
  switch (frame.type) {
    case "MessageEdited": {
      const { body, entities, editedAt } = frame;
      return { ...message, body, entities, editedAt };
    }
    case "MessageDeleted": {
      const nothing = { body: "", entities: [], replyTo: null, reactions: {}, poll: null };
      return { ...message, ...nothing, pinned: false, isDeleted: true };
    }
    case "Reaction": {
      const { emoji, userId, remove } = frame;
      const { [emoji]: before = [], ...others } = message.reactions;
      const left = before.filter((each) => each !== userId);
      const userIds = remove ? left : [...left, userId];
      return { ...message, reactions: userIds.length === 0 ? others : { ...others, [emoji]: userIds } };
    }
    case "Pinned":
      return { ...message, pinned: !frame.remove };
    case "PollClosed":
      return message.poll === null ? message : { ...message, poll: { ...message.poll, closed: true } };
    case "Voted": {
      const { poll } = message;
      if (poll === null) return message;
      const options = poll.options.map(({ text, userIds }, place) => {
        const isChosen = frame.options.includes(place);
        if (isChosen === userIds.includes(frame.userId)) return { text, userIds };
        const left = userIds.filter((each) => each !== frame.userId);
        return { text, userIds: isChosen ? [...left, frame.userId] : left };
      });
      return { ...message, poll: { ...poll, options } };
    }
  }
}
