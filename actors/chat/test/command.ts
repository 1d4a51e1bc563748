/** Commands as edges make them, and what chats answer. */
import assert from "node:assert/strict";
import type {
  AclEntry,
  AclSubject,
  AddressedCommand,
  Birth,
  ChangeFrame,
  ChatCommand,
  ChatType,
  FaultCode,
  MemberRole,
  Message,
} from "@rookery/protocol";
import type { Decision } from "@rookery/host";
import type { Row } from "@rookery/store";
import { type ChatState, decide } from "../src/mod.ts";

export const chatId = 5;
export const nowMs = 1_700_000_000_000;

export type Done = Extract<Decision<ChatState>, { kind: "done" }>;

/** A command to chat 5; its uuid is made of its number where none is given. */
export function ask(senderId: number, command: ChatCommand, uuid = "u-1"): AddressedCommand {
  return { actor: { kind: "chat", id: chatId }, senderId, uuid, source: "ws", command };
}

/** User 1 owns it, the others are members; of a direct chat both are members. */
export function birth(type: ChatType, userIds: readonly number[] = [1, 2], title = "tea"): Birth {
  const owner: MemberRole = type === "direct" ? "member" : "owner";
  const members = userIds.map((userId, index) => ({ userId, role: index === 0 ? owner : "member" }) as const);
  return { type, title: type === "direct" ? null : title, members };
}

export const create = (of: Birth): ChatCommand => ({ kind: "create", birth: of });
export const invite = (...userIds: number[]): ChatCommand => ({ kind: "invite", userIds });
export const say = (body: string): Extract<ChatCommand, { kind: "send" }> => ({
  kind: "send",
  messageKind: "text",
  body,
});

export const edit = (seq: number, body: string): ChatCommand => ({ kind: "edit", seq, body });
export const remove = (seq: number): ChatCommand => ({ kind: "delete", seq });
export const react = (seq: number, emoji: string, isRemoval = false): ChatCommand => ({
  kind: "react",
  seq,
  emoji,
  remove: isRemoval,
});
export const pin = (seq: number, isRemoval = false): ChatCommand => ({ kind: "pin", seq, remove: isRemoval });
export const vote = (seq: number, ...options: number[]): ChatCommand => ({ kind: "vote", seq, options });
export const give = (userId: number, role: MemberRole): ChatCommand => ({ kind: "role", userId, role });
export const dismiss = (userId: number): ChatCommand => ({ kind: "remove", userId });
/** What is not said is as the role says. */
export const allow = (
  subject: AclSubject,
  entry: Partial<AclEntry>,
  isAdministrator = false,
): ChatCommand => ({
  kind: "allow",
  subject,
  entry: { canRead: null, canSend: null, canManage: null, ...entry },
  isAdministrator,
});
export const leave: ChatCommand = { kind: "leave" };
export const rename = (title: string): ChatCommand => ({ kind: "rename", title });
export const disband: ChatCommand = { kind: "disband" };

/** What Telegram's gateway sends: whoever wrote, and how the chat is born if this is its first message. */
export function fromTelegram(body: string): Extract<ChatCommand, { kind: "send" }> {
  const telegram = { botId: 9, chatId: -100 };
  const members = [
    { userId: 1, role: "owner" },
    { userId: 9, role: "member" },
  ] as const;
  const born: Birth = { type: "telegram", title: "Ivo", members, telegram };
  return { ...say(body), telegram: { state: { messageId: 77, state: "received" }, birth: born } };
}

/** @throws AssertionError when it was refused. */
export function done(decision: Decision<ChatState>): Done {
  assert.equal(decision.kind, "done", JSON.stringify(decision));
  return decision;
}

/** Decides in order on what is there, each on what the former left, and returns the last; all must be done. */
export function onward(from: ChatState, ...commands: AddressedCommand[]): Done {
  let last: Done | null = null;
  for (const command of commands) last = done(decide(last?.state ?? from, command, nowMs));
  assert.ok(last !== null);
  return last;
}

/** The frames of the changes a decision makes. */
export function changes({ events }: Done): ChangeFrame[] {
  return events.flatMap((event) => (event.kind === "change" ? [event.frame] : []));
}

/** Decides in order, each on what the former left, and returns the last; all must be done. */
export function replay(...commands: AddressedCommand[]): Done {
  let last: Done | null = null;
  for (const command of commands) last = done(decide(last?.state ?? null, command, nowMs));
  assert.ok(last !== null);
  return last;
}

/** A chat of that type as it is right after its birth. */
export function born(type: ChatType, userIds?: readonly number[]): ChatState {
  return replay(ask(1, create(birth(type, userIds)), "birth")).state;
}

/** A chat where `userId` has another role than they were born with. */
export function withRole(state: ChatState, userId: number, role: MemberRole): ChatState {
  const member = state.members.get(userId);
  assert.ok(member !== undefined);
  return { ...state, members: new Map(state.members).set(userId, { ...member, role }) };
}

export function refusal(decision: Decision<ChatState>): FaultCode {
  assert.equal(decision.kind, "refused", JSON.stringify(decision));
  // A refusal has nothing that could be written or told.
  assert.deepEqual(Object.keys(decision).toSorted(), ["fault", "kind"]);
  return decision.fault.code;
}

export function messages({ events }: Done): Message[] {
  return events.flatMap((event) => (event.kind === "message" ? [event.message] : []));
}

type RowOf<T extends Row["table"]> = Extract<Row, { table: T }>["row"];

/** Of messages both new ones and changes. */
export function rowsOf<T extends Row["table"]>({ rows }: Done, table: T): RowOf<T>[] {
  return rows.flatMap((row) => {
    const isWanted = row.table === table || (table === "message" && row.table === "messageChange");
    return isWanted ? [row.row as RowOf<T>] : [];
  });
}
