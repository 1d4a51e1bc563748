/** What became of what people said to a bot of the cluster's own, and of its answers. Pure. */

/** An update as the bot's program got it, in the order in which it came, repeats and all. */
export interface TakenUpdate {
  readonly updateId: number;
  readonly chat: number;
  readonly text: string;
  readonly atMs: number;
}

export interface StoredWord {
  readonly isBots: boolean;
  readonly body: string;
}

export interface BotAccount {
  readonly mode: "polling" | "webhook";
  /** By chat, what its person said, in order; no text comes twice. */
  readonly said: ReadonlyMap<number, readonly string[]>;
  readonly taken: readonly TakenUpdate[];
  /** Updates told again though they were confirmed. */
  readonly afterConfirmed: number;
  /** By chat, as Postgres has it, in order. */
  readonly stored: ReadonlyMap<number, readonly StoredWord[]>;
}

export interface BotVerdict {
  /** Said, and never told to the bot. */
  readonly lost: number;
  /** Told to the bot, and said by nobody. */
  readonly foreign: number;
  /** An `update_id` of two updates, or an update of two. */
  readonly renumbered: number;
  /** Numbers that no update has. */
  readonly gaps: number;
  /** Told, or numbered, before what its person said earlier. */
  readonly reordered: number;
  /** A webhook was posted an update of a chat after a later one of the same chat. */
  readonly turnedBack: number;
  readonly afterConfirmed: number;
  /** Not in Postgres once and in order. */
  readonly misstored: number;
  readonly unanswered: number;
  readonly answeredTwice: number;
  readonly answersReordered: number;
}

export const answerTo = (text: string): string => `re ${text}`;

export function judgeBot(account: BotAccount): BotVerdict {
  const { said, taken, stored } = account;
  const firsts = firstOfEach(taken);
  const expected = new Set([...said.values()].flat());
  const words = [...said].map(([chat, texts]) => {
    const lines = stored.get(chat) ?? [];
    return {
      texts,
      theirs: lines.flatMap(({ isBots, body }) => (isBots ? [] : [body])),
      answers: lines.flatMap(({ isBots, body }) => (isBots ? [body] : [])),
    };
  });
  return {
    lost: [...expected].filter((text) => !firsts.has(text)).length,
    foreign: [...firsts.keys()].filter((text) => !expected.has(text)).length,
    renumbered: renumberedIn(taken),
    gaps: gapsIn(taken),
    reordered: [...said].reduce((sum, [chat, texts]) => sum + turnsIn(chat, texts, firsts), 0),
    turnedBack: account.mode === "webhook" ? turnedBackIn(taken) : 0,
    afterConfirmed: account.afterConfirmed,
    misstored: count(words, ({ texts, theirs }) => differences(texts, theirs)),
    unanswered: count(words, ({ texts, answers }) => {
      const given = new Set(answers);
      return texts.filter((text) => !given.has(answerTo(text))).length;
    }),
    answeredTwice: count(words, ({ answers }) => answers.length - new Set(answers).size),
    answersReordered: count(words, ({ texts, answers }) => {
      const given = new Set(answers);
      const due = texts.map(answerTo).filter((text) => given.has(text));
      return differences(due, [...given]);
    }),
  };
}

/** All of it must be 0. */
export function isBotClean(verdict: BotVerdict): boolean {
  return Object.values(verdict).every((number) => number === 0);
}

/** Texts with where they came first. */
export function firstOfEach(
  taken: readonly TakenUpdate[],
): ReadonlyMap<string, TakenUpdate & { readonly place: number }> {
  const firsts = new Map<string, TakenUpdate & { readonly place: number }>();
  for (const [place, update] of taken.entries()) {
    if (!firsts.has(update.text)) firsts.set(update.text, { ...update, place });
  }
  return firsts;
}

function renumberedIn(taken: readonly TakenUpdate[]): number {
  const texts = new Map<number, string>();
  const ids = new Map<string, number>();
  let found = 0;
  for (const { updateId, text } of taken) {
    const isKnown = texts.get(updateId) === text && ids.get(text) === updateId;
    if (!isKnown && (texts.has(updateId) || ids.has(text))) found += 1;
    if (!texts.has(updateId)) texts.set(updateId, text);
    if (!ids.has(text)) ids.set(text, updateId);
  }
  return found;
}

function gapsIn(taken: readonly TakenUpdate[]): number {
  const ids = new Set(taken.map(({ updateId }) => updateId));
  return taken.reduce((last, { updateId }) => Math.max(last, updateId), 0) - ids.size;
}

function turnsIn(
  chat: number,
  texts: readonly string[],
  firsts: ReadonlyMap<string, TakenUpdate & { readonly place: number }>,
): number {
  let found = 0;
  let last: (TakenUpdate & { readonly place: number }) | undefined;
  for (const text of texts) {
    const update = firsts.get(text);
    if (update === undefined) continue;
    const isTurned = last !== undefined && (update.place < last.place || update.updateId < last.updateId);
    if (isTurned || update.chat !== chat) found += 1;
    last = update;
  }
  return found;
}

function turnedBackIn(taken: readonly TakenUpdate[]): number {
  const last = new Map<number, number>();
  let found = 0;
  for (const { chat, updateId } of taken) {
    const before = last.get(chat) ?? 0;
    if (updateId < before) found += 1;
    last.set(chat, Math.max(before, updateId));
  }
  return found;
}

function differences(expected: readonly string[], actual: readonly string[]): number {
  const extra = Math.max(0, actual.length - expected.length);
  return extra + expected.filter((text, place) => actual[place] !== text).length;
}

function count<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}
