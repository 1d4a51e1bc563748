import {
  type AclEntry,
  type AclSubject,
  type ChangeFrame,
  type ChatAbout,
  type ChatLink,
  type Event,
  type Job,
  type JoinRequest,
  type MemberRole,
  type MemberTrait,
  type Outcome,
  parseAclSubject,
  type Service,
  type Source,
  type UserCommand,
  type UserId,
} from "@rookery/protocol";
import { type Decision, type Relayed, relayId } from "@rookery/host";
import {
  type ChatRow,
  type ChatSettingRow,
  type MessageDetail,
  type Row,
  type StoredMessage,
  type TelegramPlace,
  toMessage,
} from "@rookery/store";
import { readsAs } from "./permission.ts";
import { forget } from "./receipt.ts";
import { keepRecent } from "./recollection.ts";
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

/** What may change of a message. */
type Amendment = Partial<Pick<StoredMessage, "kind" | "body" | "detail" | "editedAt" | "deletedAt">>;

/** The others are made of what a decision has become (`webhook.ts`, `bot-update.ts`). */
type OwnJob = Exclude<Job, { readonly kind: "webhookDelivery" | "botUpdate" }>;

/** What may change of its row; its messages and members are rows of their own. */
const ownFields = ["type", "title", "rev", "deletedMs", "telegram"] as const;
const rights = ["canRead", "canSend", "canManage"] as const;
const nothing: AclEntry = { canRead: null, canSend: null, canManage: null };

/** A decision in the making: each step takes the next seq or rev, so both stay without gaps (L4). */
export class Draft {
  state: ChatState;
  readonly #nowMs: number;
  /** As it is stored. */
  readonly #before: ChatState | null;
  readonly #rows: Row[] = [];
  readonly #events: Event[] = [];
  readonly #relays: Relayed[] = [];
  readonly #jobs: Job[] = [];
  /** Our own copy of the members, made for the first who comes or goes: a copy for each would be quadratic. */
  #members: Map<UserId, Membership> | null = null;

  /** `before`: as it is stored, where that is another; null: it is not. */
  constructor(state: ChatState, nowMs: number, before: ChatState | null = state) {
    this.state = state;
    this.#before = before;
    this.#nowMs = nowMs;
  }

  message(message: NewMessage): void {
    const seq = this.state.headSeq + 1;
    const { id: chatId, rev } = this.state;
    const row = { ...message, chatId, seq, rev, ts: this.#nowMs, editedAt: null, deletedAt: null };
    this.#write(row, seq);
    this.#events.push({ kind: "message", chatId, seq, message: toMessage(row) });
  }

  /** A message the chat makes itself. Its uuid begins with a dot, which no client's can (L3). */
  service(senderId: UserId, service: Service): void {
    const uuid = `.${this.state.headSeq + 1}`;
    this.message({ senderId, uuid, kind: "service", body: "", detail: { service }, source: "service" });
  }

  /** A message is another from here on; `frame` tells of it under the next rev. */
  amend(message: StoredMessage, amendment: Amendment, frame: (rev: number) => ChangeFrame): void {
    this.change(frame);
    const amended = { ...message, ...amendment, rev: this.state.rev };
    const sentRev = message.detail?.sentRev ?? message.rev;
    this.#write({ ...amended, detail: { ...amended.detail, sentRev } });
  }

  /** Someone is in the chat from here on. */
  member(userId: UserId, role: MemberRole): void {
    this.#seat(userId, { role, joinedSeq: this.state.headSeq, joinedMs: this.#nowMs, rev: this.state.rev });
    this.request(userId, null);
    this.#tell(userId, "joined");
  }

  /** A member has another role from here on. */
  role(userId: UserId, role: MemberRole, trait?: MemberTrait): void {
    const member = this.state.members.get(userId);
    if (member === undefined) throw new Error(`user ${userId} is not in chat ${this.state.id}`);
    // No entry binds an owner, and none is to bind them again when they pass the chat on.
    if (role === "owner") this.allow(`user:${userId}`, nothing);
    this.#demote(userId);
    if (trait !== undefined) this.trait(userId, trait);
    this.change((rev) => this.#memberChanged(rev, userId, role, "role"));
    this.#seat(userId, { ...member, role, rev: this.state.rev });
  }

  /** What was an administrator's is nobody's any more. */
  #demote(userId: UserId): void {
    const { title: _, rights: __, promotedBy: ___, ...rest } = this.state.settings.traits.get(userId) ?? {};
    this.trait(userId, rest);
  }

  /** Something else than the role is otherwise with a member; they are told with all others. */
  tellOfMember(userId: UserId, role: MemberRole): void {
    this.change((rev) => this.#memberChanged(rev, userId, role, "role"));
  }

  /** The chat allows a subject this from here on, beside its role. What is so already is left as it is. */
  allow(subject: AclSubject, entry: AclEntry): void {
    const { canRead, canSend, canManage } = entry;
    const before = this.state.acl.get(subject) ?? nothing;
    if (rights.every((right) => before[right] === entry[right])) return;
    const { kind, id: userId } = parseAclSubject(subject);
    const isMember = kind === "user" && this.state.members.has(userId);
    const read = kind === "user" ? readsAs(this.state, userId) : (before.canRead ?? false);
    const acl = new Map(this.state.acl);
    if (rights.every((right) => entry[right] === null)) acl.delete(subject);
    else acl.set(subject, { canRead, canSend, canManage });
    this.state = { ...this.state, acl };
    const mayRead = kind === "user" ? readsAs(this.state, userId) : (canRead ?? false);
    const { id: chatId, headSeq } = this.state;
    const said = { chatId, subject, canRead, canSend, canManage };
    this.change((rev) => ({ type: "AccessChanged", ...said, rev, mayRead }));
    const sinceSeq = mayRead && !read ? headSeq : 0;
    const row = { ...said, sinceSeq, rev: this.state.rev, changedMs: this.#nowMs };
    this.#rows.push({ table: "chatAcl", row });
    if (isMember && read !== mayRead) this.#tell(userId, mayRead ? "joined" : "left");
  }

  /** The chat is and allows this from here on; its readers are told by the caller. */
  about(about: ChatAbout): void {
    this.#set("about", "", Object.keys(about).length === 0 ? null : about);
    this.state = { ...this.state, settings: { ...this.state.settings, about } };
  }

  /** This is so of one person from here on. */
  trait(userId: UserId, trait: MemberTrait): void {
    const isNothing = Object.values(trait).every((each) => each === undefined);
    const { settings } = this.state;
    const traits = new Map(settings.traits);
    if (isNothing && !traits.delete(userId)) return;
    if (!isNothing) traits.set(userId, trait);
    this.#set("trait", String(userId), isNothing ? null : trait);
    this.state = { ...this.state, settings: { ...settings, traits } };
  }

  link(link: ChatLink): void {
    const { settings } = this.state;
    this.#set("link", link.code, link);
    const links = new Map(settings.links).set(link.code, link);
    this.state = { ...this.state, settings: { ...settings, links } };
  }

  unlink(code: string): void {
    const { settings } = this.state;
    const links = new Map(settings.links);
    if (!links.delete(code)) return;
    this.#set("link", code, null);
    this.state = { ...this.state, settings: { ...settings, links } };
  }

  /** Somebody asks to be let in; null: not any more. */
  request(userId: UserId, request: JoinRequest | null): void {
    const { settings } = this.state;
    const requests = new Map(settings.requests);
    if (request === null && !requests.delete(userId)) return;
    if (request !== null) requests.set(userId, request);
    this.#set("request", String(userId), request);
    this.state = { ...this.state, settings: { ...settings, requests } };
  }

  #set(kind: ChatSettingRow["kind"], key: string, value: ChatSettingRow["value"]): void {
    const { id: chatId } = this.state;
    this.#rows.push({ table: "chatSetting", row: { chatId, kind, key, value, changedMs: this.#nowMs } });
  }

  /** A member is out of the chat from here on, and hears of nothing after it. */
  part(userId: UserId, change: "left" | "removed"): void {
    // What they were let do goes with them; what was forbidden them waits for their return.
    const entry = this.state.acl.get(`user:${userId}`);
    if (entry !== undefined) {
      const kept = (right: boolean | null): false | null => (right === false ? false : null);
      const { canRead, canSend, canManage } = entry;
      const left = { canRead: kept(canRead), canSend: kept(canSend), canManage: kept(canManage) };
      this.allow(`user:${userId}`, left);
    }
    const role = this.state.members.get(userId)?.role ?? "member";
    this.#demote(userId);
    this.change((rev) => this.#memberChanged(rev, userId, role, change));
    this.dismiss(userId);
  }

  /** A member is out of a chat that is no more: without a change of its own, for nobody is there to be told. */
  dismiss(userId: UserId): void {
    const member = this.state.members.get(userId);
    if (member === undefined) throw new Error(`user ${userId} is not in chat ${this.state.id}`);
    const { id: chatId, rev } = this.state;
    this.#ownMembers().delete(userId);
    this.#rows.push({ table: "member", row: { ...member, chatId, userId, leftMs: this.#nowMs, rev } });
    const forgotten = forget(chatId, this.state.receipts, userId);
    if (forgotten !== null) {
      this.state = { ...this.state, receipts: forgotten.receipts };
      this.#rows.push({ table: "receipt", row: forgotten.row });
    }
    this.#tell(userId, "left");
  }

  /** A change that takes the next rev; `frame` is given it. */
  change(frame: (rev: number) => ChangeFrame): void {
    const rev = this.state.rev + 1;
    this.state = { ...this.state, rev };
    const made = frame(rev);
    this.#rows.push({ table: "change", row: { chatId: this.state.id, rev, frame: made } });
    this.#events.push({ kind: "change", chatId: this.state.id, rev, frame: made });
  }

  /** A row that nobody is told of. */
  keep(row: Extract<Row, { readonly table: "telegramUpdate" }>): void {
    this.#rows.push(row);
  }

  /** Something leaves the cluster because of this. */
  job(job: OwnJob): void {
    this.#rows.push(rowOfJob(job));
    this.#jobs.push(job);
  }

  /** The chat has another id at Telegram from here on, and its messages are numbered anew there. */
  telegramMoved(chatId: number): void {
    if (this.state.telegram?.chatId !== chatId) this.telegram({ chatId, movedSeq: this.state.headSeq });
  }

  /** The chat stands otherwise at Telegram from here on. */
  telegram(change: Partial<TelegramPlace>): void {
    const { telegram } = this.state;
    if (telegram !== null) this.state = { ...this.state, telegram: { ...telegram, ...change } };
  }

  /** Sends a command to another actor, or to this one, after the commit. */
  relay(relayed: Relayed): void {
    this.#relays.push(relayed);
  }

  /** Keeps the outcome of a command that is not itself a message. */
  remember(senderId: UserId, uuid: string, outcome: Outcome): void {
    const actor = `chat:${this.state.id}`;
    this.#rows.push({ table: "outcome", row: { actor, senderId, uuid, outcome, decidedMs: this.#nowMs } });
  }

  done(outcome: Outcome): Decision<ChatState> {
    const { state } = this;
    const isChanged =
      this.#before === null || ownFields.some((field) => state[field] !== this.#before?.[field]);
    return {
      kind: "done",
      state,
      outcome,
      rows: isChanged ? [{ table: "chat", row: rowOfChat(state) }, ...this.#rows] : this.#rows,
      events: this.#events,
      relays: this.#relays,
      ...(this.#jobs.length === 0 ? {} : { jobs: this.#jobs }),
    };
  }

  /** The end of a command that changed something, or found it so already; its outcome is kept. */
  changed(command: { readonly senderId: UserId; readonly uuid: string }, seq?: number): Decision<ChatState> {
    const { headSeq, rev } = this.state;
    const outcome = { kind: "changed", seq: seq ?? headSeq, rev, ts: this.#nowMs } as const;
    this.remember(command.senderId, command.uuid, outcome);
    return this.done(outcome);
  }

  #write(message: StoredMessage, headSeq = this.state.headSeq): void {
    const isNew = headSeq > this.state.headSeq;
    this.#rows.push({ table: isNew ? "message" : "messageChange", row: message });
    this.state = { ...this.state, headSeq, recent: keepRecent(this.state.recent, [message]) };
  }

  #memberChanged(
    rev: number,
    userId: UserId,
    role: MemberRole,
    change: "joined" | "left" | "removed" | "role",
  ): ChangeFrame {
    const { title, rights, forbids } = this.state.settings.traits.get(userId) ?? {};
    return {
      type: "MemberChanged",
      chatId: this.state.id,
      rev,
      userId,
      role,
      change,
      ...(title === undefined ? {} : { title }),
      ...(rights === undefined ? {} : { rights }),
      ...(forbids === undefined ? {} : { forbids }),
    };
  }

  #seat(userId: UserId, member: Membership): void {
    this.#ownMembers().set(userId, member);
    this.#rows.push({ table: "member", row: { chatId: this.state.id, userId, leftMs: null, ...member } });
  }

  #ownMembers(): Map<UserId, Membership> {
    if (this.#members === null) {
      this.#members = new Map(this.state.members);
      this.state = { ...this.state, members: this.#members };
    }
    return this.#members;
  }

  #tell(userId: UserId, kind: UserCommand["kind"]): void {
    const { id: chatId, rev: chatRev } = this.state;
    const target = { kind: "user", id: userId } as const;
    this.relay({
      id: relayId(`chat:${chatId}`, chatRev, target),
      target,
      command: { kind, chatId, chatRev },
    });
  }
}

function rowOfChat({ id, type, title, rev, createdBy, createdMs, deletedMs, telegram }: ChatState): ChatRow {
  return { id, type, title, rev, createdBy, createdMs, deletedMs, telegram };
}

function rowOfJob(job: OwnJob): Row {
  return job.kind === "telegramSend" ? { table: job.kind, row: job.job } : { table: job.kind, row: job.job };
}
