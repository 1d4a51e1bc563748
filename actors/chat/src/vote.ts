import { type AddressedCommand, type ChatCommand, limits } from "@rookery/protocol";
import { livingMessage } from "./change.ts";
import { Draft } from "./draft.ts";
import { castVote } from "./poll.ts";
import { type Decided, noMessage, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

/** A vote replaces what the member chose before; without options it takes that back. */
export function vote(
  state: ChatState | null,
  command: AddressedCommand,
  { seq, options }: Extract<ChatCommand, { kind: "vote" }>,
  nowMs: number,
): Decided {
  const { senderId: userId } = command;
  if (state?.members.has(userId) !== true) return notFound();
  const message = livingMessage(state, seq);
  if (message === undefined) return noMessage();
  const poll = message.detail?.poll;
  if (poll === undefined) return refused("invalid", "seq: the message is no poll");
  if (poll.closed === true) return refused("forbidden", "the poll is closed");
  if (options.some((option) => option >= poll.options.length)) {
    return refused("invalid", "options: there is no such option");
  }
  if (new Set(options).size > 1 && !poll.multiple) return refused("invalid", "options: the poll takes one");
  const draft = new Draft(state, nowMs);
  if (!castVote(draft, message, poll, { userId, options })) {
    return refused("invalid", `a poll has at most ${limits.votesMax} votes`);
  }
  return draft.changed(command, seq);
}
