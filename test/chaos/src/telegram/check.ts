/** What became of people's words and of the answers to them. Pure. */
import { checkJournal, type SeenMessage } from "@rookery/telegram-simulator";

/** Of one chat: everything is named by its text, of which no two are the same. */
export interface ChatAccount {
  /** What its person said, in order. */
  readonly said: readonly string[];
  /** Its messages in Postgres, in the order of their places. */
  readonly stored: readonly StoredLine[];
  /** The place from which on readers read. */
  readonly readAfter: number;
  /** What each reader took, in the order in which it came, without repeats that it knew for such. */
  readonly read: readonly (readonly ReadLine[])[];
}

export interface StoredLine {
  readonly seq: number;
  /** By the person at Telegram; the others are answers to them. */
  readonly received: boolean;
  readonly body: string;
}

export interface ReadLine {
  readonly seq: number;
  readonly body: string;
}

export interface TelegramVerdict {
  /** Said, and not in Postgres. */
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  /** Answers in Postgres that are not there once, in the order of what they answer. */
  readonly answersMisplaced: number;
  /** Places of a chat that no message has. */
  readonly gaps: number;
  /** In Postgres, and not with a reader; or with it otherwise. */
  readonly unread: number;
  /** What a reader had in another place than its own. */
  readonly misread: number;
  /** Said to us, and not answered where the person saw it. */
  readonly unanswered: number;
  readonly answersReordered: number;
  readonly answersForeign: number;
  /** Answered twice, and neither in flight when its bot got another courier, nor cut off. */
  readonly answeredTwice: number;
  /** Answered twice, as it may be: the call was in flight when its bot got another courier. */
  readonly repeated: number;
}

export const answerTo = (text: string): string => `re ${text}`;

/** @param inFlight texts of answers whose call was under way when a shard of bots got another owner. */
export function judgeTelegram(
  chats: ReadonlyMap<string, ChatAccount>,
  answers: readonly SeenMessage[],
  inFlight: ReadonlySet<string>,
): TelegramVerdict {
  const accounts = [...chats.values()];
  const expected = [...chats].flatMap(([chat, { said }]) => said.map((text) => ({ chat, text })));
  const received = [...chats].flatMap(([chat, { stored }]) =>
    stored.flatMap(({ received: isTheirs, body }) => (isTheirs ? [{ chat, text: body }] : [])),
  );
  const stored = checkJournal(expected, received);
  const told = checkJournal(
    expected.map(({ chat, text }) => ({ chat, text: answerTo(text) })),
    answers,
  );
  // `chat: text`
  const twice = told.doubled.filter((name) => !inFlight.has(name.slice(name.indexOf(": ") + 2)));
  const readings = accounts.flatMap(({ stored: lines, readAfter, read }) => {
    const due = lines.filter(({ seq }) => seq > readAfter);
    return read.map((taken) => compare(due, taken));
  });
  return {
    lost: stored.lost.length,
    doubled: stored.doubled.length + stored.foreign.length,
    reordered: stored.reordered.length,
    answersMisplaced: accounts.reduce((sum, account) => sum + misplacedIn(account), 0),
    gaps: accounts.reduce((sum, account) => sum + gapsOf(account.stored), 0),
    unread: readings.reduce((sum, { unread }) => sum + unread, 0),
    misread: readings.reduce((sum, { misread }) => sum + misread, 0),
    unanswered: told.lost.length,
    answersReordered: told.reordered.length,
    answersForeign: told.foreign.length,
    answeredTwice: twice.length,
    repeated: told.repeated.length + told.doubled.length - twice.length,
  };
}

/** All of it must be 0; what may be is `repeated` alone. */
export function isTelegramClean(verdict: TelegramVerdict): boolean {
  return Object.entries(verdict).every(([name, count]) => name === "repeated" || count === 0);
}

function misplacedIn({ said, stored }: ChatAccount): number {
  const answers = stored.flatMap(({ received, body }) => (received ? [] : [body]));
  const missing = Math.max(0, said.length - answers.length);
  return missing + answers.filter((body, index) => body !== answerTo(said[index] ?? "")).length;
}

function gapsOf(lines: readonly StoredLine[]): number {
  return lines.filter(({ seq }, index) => seq !== index + 1).length;
}

function compare(
  due: readonly StoredLine[],
  read: readonly ReadLine[],
): { readonly unread: number; readonly misread: number } {
  const bodies = new Map(read.map(({ seq, body }) => [seq, body]));
  return {
    unread: due.filter(({ seq, body }) => bodies.get(seq) !== body).length,
    misread: read.filter(({ seq }, index) => seq !== due[index]?.seq).length,
  };
}
