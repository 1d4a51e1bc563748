import type { AddressedCommand, ChatCommand } from "@rookery/protocol";
import { allow } from "./acl.ts";
import { create } from "./birth.ts";
import { edit, pin, react, remove } from "./change.ts";
import { disband } from "./ending.ts";
import { invite, leave, removeMember, setRole } from "./member.ts";
import { send } from "./message.ts";
import { mayTouch } from "./permission.ts";
import { mark } from "./receipt.ts";
import { type Decided, notFound } from "./refusal.ts";
import type { ChatState } from "./state.ts";
import { moved, settle, takeUpdate } from "./telegram.ts";
import { rename } from "./title.ts";
import { vote } from "./vote.ts";

/** What nobody does to a chat that they may not read. */
const touching: ReadonlySet<ChatCommand["kind"]> = new Set([
  "edit",
  "delete",
  "react",
  "pin",
  "vote",
  "rename",
  "invite",
  "role",
]);

/** What a chat does with a command. Pure (L9). To someone who is not in it, a chat does not exist. */
export function decide(state: ChatState | null, command: AddressedCommand, nowMs: number): Decided {
  const asked = command.command as ChatCommand;
  if (state !== null && state.deletedMs !== null && asked.kind !== "disband") return notFound();
  const refusal = touching.has(asked.kind) ? mayTouch(state, command) : null;
  if (refusal !== null) return refusal;
  switch (asked.kind) {
    case "create":
      return create(state, command, asked.birth, nowMs);
    case "send":
      return send(state, command, asked, nowMs);
    case "edit":
      return edit(state, command, asked, nowMs);
    case "delete":
      return remove(state, command, asked, nowMs);
    case "react":
      return react(state, command, asked, nowMs);
    case "pin":
      return pin(state, command, asked, nowMs);
    case "vote":
      return vote(state, command, asked, nowMs);
    case "rename":
      return rename(state, command, asked.title, nowMs);
    case "invite":
      return invite(state, command, asked.userIds, nowMs);
    case "role":
      return setRole(state, command, asked, nowMs);
    case "remove":
      return removeMember(state, command, asked, nowMs);
    case "leave":
      return leave(state, command, nowMs);
    case "disband":
      return disband(state, command, nowMs);
    case "update":
      return takeUpdate(state, command, asked, nowMs);
    case "moved":
      return moved(state, command, asked, nowMs);
    case "settle":
      return settle(state, command, asked, nowMs);
    case "mark":
      return mark(state, asked);
    case "allow":
      return allow(state, command, asked, nowMs);
  }
}
