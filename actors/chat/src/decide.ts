import type { AddressedCommand, ChatCommand } from "@rookery/protocol";
import { allow } from "./acl.ts";
import { tellBots } from "./bot-update.ts";
import { create } from "./birth.ts";
import { edit, pin, react, remove, unreact } from "./change.ts";
import { disband } from "./ending.ts";
import { type ChatFacts, nothingKnown } from "./facts.ts";
import { admit, join, link, revokeLink } from "./link.ts";
import { invite, leave, removeMember, setRole } from "./member.ts";
import { send } from "./message.ts";
import { amend } from "./outgoing.ts";
import { mayTouch } from "./permission.ts";
import { press } from "./press.ts";
import { mark } from "./receipt.ts";
import { type Decided, notFound } from "./refusal.ts";
import { ban, describe, entitle, promote, restrict, unban } from "./setting.ts";
import type { ChatState } from "./state.ts";
import { moved, settle, takeUpdate } from "./telegram.ts";
import { closePoll, rewrite } from "./rewrite.ts";
import { rename } from "./title.ts";
import { vote } from "./vote.ts";
import { withWebhooks } from "./webhook.ts";

/** What nobody does to a chat that they may not read. */
const touching: ReadonlySet<ChatCommand["kind"]> = new Set([
  "edit",
  "rewrite",
  "closePoll",
  "delete",
  "react",
  "unreact",
  "pin",
  "vote",
  "press",
  "rename",
  "invite",
  "role",
  "describe",
  "restrict",
  "promote",
  "entitle",
  "ban",
  "unban",
  "link",
  "revokeLink",
  "admit",
]);

/** What a chat does with a command, and whom it tells. Pure (L9). To someone who is not in it, a chat does not exist. */
export function decide(
  state: ChatState | null,
  command: AddressedCommand,
  nowMs: number,
  facts: ChatFacts = nothingKnown,
): Decided {
  const decision = judge(state, command, nowMs, facts);
  if (decision.kind === "refused") return decision;
  return withWebhooks(state, tellBots(state, decision, command, facts, nowMs), facts, nowMs);
}

function judge(state: ChatState | null, command: AddressedCommand, nowMs: number, facts: ChatFacts): Decided {
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
    case "rewrite":
      return rewrite(state, command, asked, nowMs);
    case "closePoll":
      return closePoll(state, command, asked, nowMs);
    case "amend":
      return amend(state, command, asked, nowMs);
    case "delete":
      return remove(state, command, asked, { facts, nowMs });
    case "react":
      return react(state, command, asked, nowMs);
    case "unreact":
      return unreact(state, command, asked, nowMs);
    case "pin":
      return pin(state, command, asked, nowMs);
    case "vote":
      return vote(state, command, asked, nowMs);
    case "press":
      return press(state, command, asked, { facts, nowMs });
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
    case "describe":
      return describe(state, command, asked, nowMs);
    case "restrict":
      return restrict(state, command, asked, nowMs);
    case "promote":
      return promote(state, command, asked, nowMs);
    case "entitle":
      return entitle(state, command, asked, nowMs);
    case "ban":
      return ban(state, command, asked, nowMs);
    case "unban":
      return unban(state, command, asked, nowMs);
    case "link":
      return link(state, command, asked, nowMs);
    case "revokeLink":
      return revokeLink(state, command, asked, nowMs);
    case "join":
      return join(state, command, asked, nowMs);
    case "admit":
      return admit(state, command, asked, nowMs);
    case "allow":
      return allow(state, command, asked, nowMs);
  }
}
