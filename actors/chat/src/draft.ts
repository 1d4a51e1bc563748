import type { ChangeFrame, Event, MemberRole, Outcome, Service, Source, UserId } from "@rookery/protocol";
import { type Decision, type Relayed, relayId } from "@rookery/host";
import { type MessageDetail, type Row, toMessage } from "@rookery/store";
import type { ChatState, Membership } from "./state.ts";

/** What a message needs beyond its place in the chat. */
export interface NewMessage {
  readonly senderId: UserId;
  readonly uuid: string;
  readonly kind: string;
  readonly body: string;
  readonly detail: MessageDetail | null;
  readonly source: Source;
}

/** A decision in the making: each step takes the next seq or rev, so both stay without gaps (L4). */
export class Draft {
  state: ChatState;
  readonly #nowMs: number;
  readonly #rows: Row[] = [];
  readonly #events: Event[] = [];
  readonly #relays: Relayed[] = [];
  /** Our own copy of the members, made for the first who comes: a copy for each would be quadratic. */
  #members: Map<UserId, Membership> | null = null;

  constructor(state: ChatState, nowMs: number) {
    this.state = state;
    this.#nowMs = nowMs;
  }

  message(message: NewMessage): void {
    const seq = this.state.headSeq + 1;
    this.state = { ...this.state, headSeq: seq };
    const row = {
      ...message,
      chatId: this.state.id,
      seq,
      rev: this.state.rev,
      ts: this.#nowMs,
      editedAt: null,
      deletedAt: null,
    };
    this.#rows.push({ table: "message", row });
    this.#events.push({ kind: "message", chatId: this.state.id, seq, message: toMessage(row) });
  }

  /** A message the chat makes itself. Its uuid begins with a dot, which no client's can (L3). */
  service(senderId: UserId, service: Service): void {
    const uuid = `.${this.state.headSeq + 1}`;
    this.message({ senderId, uuid, kind: "service", body: "", detail: { service }, source: "service" });
  }

  /** Someone is in the chat from here on. */
  member(userId: UserId, role: MemberRole): void {
    const member = { role, joinedSeq: this.state.headSeq, joinedMs: this.#nowMs, rev: this.state.rev };
    if (this.#members === null) {
      this.#members = new Map(this.state.members);
      this.state = { ...this.state, members: this.#members };
    }
    this.#members.set(userId, member);
    this.#rows.push({ table: "member", row: { chatId: this.state.id, userId, leftMs: null, ...member } });
    const target = { kind: "user", id: userId } as const;
    this.#relays.push({
      id: relayId(`chat:${this.state.id}`, this.state.rev, target),
      target,
      command: { kind: "joined", chatId: this.state.id, chatRev: this.state.rev },
    });
  }

  /** A change that takes the next rev; `frame` is given it. */
  change(frame: (rev: number) => ChangeFrame): void {
    const rev = this.state.rev + 1;
    this.state = { ...this.state, rev };
    const made = frame(rev);
    this.#rows.push({ table: "change", row: { chatId: this.state.id, rev, frame: made } });
    this.#events.push({ kind: "change", chatId: this.state.id, rev, frame: made });
  }

  /** Keeps the outcome of a command that is not itself a message. */
  remember(senderId: UserId, uuid: string, outcome: Outcome): void {
    const actor = `chat:${this.state.id}`;
    this.#rows.push({ table: "outcome", row: { actor, senderId, uuid, outcome, decidedMs: this.#nowMs } });
  }

  done(outcome: Outcome): Decision<ChatState> {
    const { members: _, ...row } = this.state;
    return {
      kind: "done",
      state: this.state,
      outcome,
      rows: [{ table: "chat", row }, ...this.#rows],
      events: this.#events,
      relays: this.#relays,
    };
  }
}
