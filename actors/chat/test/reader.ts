/** A reader of a chat: what a message is after the changes it was told of. */
import type { ChangeFrame, Message, Outcome } from "@rookery/protocol";

/** Applies a change to the messages it is about; `deletedAt` is not told and comes from the outcome's time. */
export function applyChange(messages: Map<number, Message>, frame: ChangeFrame, outcome: Outcome): void {
  if (!("seq" in frame)) return;
  const message = messages.get(frame.seq);
  if (message === undefined) throw new Error(`a change of message ${frame.seq}, which nobody was told of`);
  messages.set(frame.seq, { ...changed(message, frame, outcome), rev: frame.rev });
}

function changed(
  message: Message,
  frame: Extract<ChangeFrame, { readonly seq: number }>,
  outcome: Outcome,
): Message {
  switch (frame.type) {
    case "MessageEdited": {
      const { body, entities, editedAt, kind = message.kind, keyboard, location } = frame;
      const { keyboard: before, ...rest } = message;
      const now = keyboard === undefined ? before : keyboard.rows.length === 0 ? undefined : keyboard;
      return {
        ...rest,
        ...(now === undefined ? {} : { keyboard: now }),
        ...(location === undefined ? {} : { location }),
        attachments: frame.attachments ?? message.attachments,
        body,
        entities,
        editedAt,
        kind,
      };
    }
    case "MessageDeleted": {
      const { poll: _, location: __, contact: ___, telegram: ____, ...rest } = message;
      const empty = { body: "", entities: [], replyTo: null, forward: null, attachments: [] };
      const deletedAt = outcome.kind === "changed" ? outcome.ts : null;
      return { ...rest, ...empty, reactions: {}, pinned: false, deletedAt };
    }
    case "Reaction": {
      const { emoji, userId, remove } = frame;
      const { [emoji]: userIds = [], ...others } = message.reactions;
      const left = remove ? userIds.filter((each) => each !== userId) : [...userIds, userId];
      return { ...message, reactions: left.length === 0 ? others : { ...others, [emoji]: left } };
    }
    case "MessageSettled":
      return { ...message, telegram: frame.telegram };
    case "PollClosed": {
      const { poll } = message;
      if (poll === undefined) throw new Error(`message ${frame.seq} is closed, and is no poll`);
      return { ...message, poll: { ...poll, closed: true } };
    }
    case "Pinned":
      return { ...message, pinned: !frame.remove };
    case "Voted": {
      const { poll } = message;
      if (poll === undefined) throw new Error(`a vote in message ${frame.seq}, which is no poll`);
      const options = poll.options.map(({ text, userIds }, place) => {
        const chosen = frame.options.includes(place);
        if (userIds.includes(frame.userId) === chosen) return { text, userIds };
        const others = userIds.filter((each) => each !== frame.userId);
        return { text, userIds: chosen ? [...others, frame.userId] : others };
      });
      return { ...message, poll: { ...poll, options } };
    }
  }
}
