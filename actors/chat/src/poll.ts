/** What becomes of a poll, whoever asks for it. */
import { limits, type Poll, type UserId } from "@rookery/protocol";
import type { MessageDetail, StoredMessage } from "@rookery/store";
import type { Draft } from "./draft.ts";

/**
 * The voter's choice in place of the one before. What is so already takes no rev.
 * @returns false when the poll has no room for it.
 */
export function castVote(
  draft: Draft,
  message: StoredMessage,
  poll: Poll,
  { userId, options }: { readonly userId: UserId; readonly options: readonly number[] },
): boolean {
  const chosen = [...new Set(options)]
    .filter((option) => option < poll.options.length)
    .toSorted((one, other) => one - other);
  const before = poll.options.flatMap(({ userIds }, place) => (userIds.includes(userId) ? [place] : []));
  if (before.join() === chosen.join()) return true;
  const others = poll.options.reduce((sum, { userIds }) => sum + userIds.length, 0) - before.length;
  if (others + chosen.length > limits.votesMax) return false;
  const next: Poll = {
    ...poll,
    options: poll.options.map((option, place) => {
      if (before.includes(place) === chosen.includes(place)) return option;
      const { text, userIds } = option;
      const left = userIds.filter((each) => each !== userId);
      return { text, userIds: chosen.includes(place) ? [...left, userId] : left };
    }),
  };
  const { chatId, seq } = message;
  draft.amend(message, { detail: { ...message.detail, poll: next } }, (rev) => ({
    type: "Voted",
    chatId,
    seq,
    rev,
    userId,
    options: chosen,
  }));
  return true;
}

/** It takes no more votes. */
export function endPoll(
  draft: Draft,
  message: StoredMessage,
  poll: Poll,
  detail: MessageDetail = message.detail ?? {},
): void {
  const { chatId, seq } = message;
  const closed = { ...detail, poll: { ...poll, closed: true } };
  draft.amend(message, { detail: closed }, (rev) => ({ type: "PollClosed", chatId, seq, rev }));
}
