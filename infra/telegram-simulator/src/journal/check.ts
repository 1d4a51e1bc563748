/** Whether people saw each message once and in order. Pure. */

/** A message that a chat has to show. Within a chat no two have the same text. */
export interface ExpectedMessage {
  readonly chat: string;
  readonly text: string;
}

export interface SeenMessage extends ExpectedMessage {
  /** The sender did not learn what became of it. */
  readonly isOutcomeUnknown?: boolean;
}

/** `chat: text` of each finding. All but `repeated` are faults. */
export interface JournalVerdict {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Shown after one that comes later. */
  readonly reordered: readonly string[];
  /** Shown and not expected. */
  readonly foreign: readonly string[];
  /** Shown again after an unknown outcome, which no sender can avoid without the risk of loss. */
  readonly repeated: readonly string[];
}

/** @throws when two expected messages of a chat cannot be told apart: a check of those would prove nothing */
export function checkJournal(
  expected: readonly ExpectedMessage[],
  seen: readonly SeenMessage[],
): JournalVerdict {
  const places = new Map<string, number>();
  expected.forEach((each, place) => {
    const name = nameOf(each);
    if (places.has(name)) throw new Error(`expected twice: ${name}`);
    places.set(name, place);
  });

  const verdict = {
    lost: new Array<string>(),
    doubled: new Array<string>(),
    reordered: new Array<string>(),
    foreign: new Array<string>(),
    repeated: new Array<string>(),
  };
  const last = new Map<string, SeenMessage>();
  const latestPlace = new Map<string, number>();
  for (const message of seen) {
    const name = nameOf(message);
    const place = places.get(name);
    const before = last.get(name);
    last.set(name, message);
    if (place === undefined) verdict.foreign.push(name);
    else if (before !== undefined)
      (before.isOutcomeUnknown === true ? verdict.repeated : verdict.doubled).push(name);
    else {
      const latest = latestPlace.get(message.chat) ?? -1;
      if (place < latest) verdict.reordered.push(name);
      else latestPlace.set(message.chat, place);
    }
  }
  verdict.lost.push(...[...places.keys()].filter((name) => !last.has(name)));
  return verdict;
}

export function isClean({ lost, doubled, reordered, foreign }: JournalVerdict): boolean {
  return lost.length + doubled.length + reordered.length + foreign.length === 0;
}

function nameOf({ chat, text }: ExpectedMessage): string {
  return `${chat}: ${text}`;
}
