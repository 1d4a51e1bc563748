import { type AddressedCommand, type ChatCommand, limits, type Poll } from "@rookery/protocol";
import { livingMessage } from "./change.ts";
import { Draft } from "./draft.ts";
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
  const chosen = [...new Set(options)].toSorted((one, other) => one - other);
  if (chosen.some((option) => option >= poll.options.length)) {
    return refused("invalid", "options: there is no such option");
  }
  if (chosen.length > 1 && !poll.multiple) return refused("invalid", "options: the poll takes one");
  const before = poll.options.flatMap(({ userIds }, place) => (userIds.includes(userId) ? [place] : []));
  const draft = new Draft(state, nowMs);
  if (before.join() === chosen.join()) return draft.changed(command, seq);
  const others = poll.options.reduce((sum, { userIds }) => sum + userIds.length, 0) - before.length;
  if (others + chosen.length > limits.votesMax) {
    return refused("invalid", `a poll has at most ${limits.votesMax} votes`);
  }
  const next: Poll = {
    ...poll,
    options: poll.options.map((option, place) => {
      if (before.includes(place) === chosen.includes(place)) return option;
      const { text, userIds } = option;
      const left = userIds.filter((each) => each !== userId);
      return { text, userIds: chosen.includes(place) ? [...left, userId] : left };
    }),
  };
  draft.amend(message, { detail: { ...message.detail, poll: next } }, (rev) => ({
    type: "Voted",
    chatId: state.id,
    seq,
    rev,
    userId,
    options: chosen,
  }));
  return draft.changed(command, seq);
}
