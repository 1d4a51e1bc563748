/** Changes against Postgres: what was acked is there, as it was asked, and messages are what their changes make of them. */
import type { InviteEntry, Journals, SendEntry } from "./entry.ts";
import type { Tally } from "./tally.ts";
import type { StoredChange, StoredOutcome, Truth } from "./truth.ts";

type Done = Extract<SendEntry, { kind: "done" }>;

/** Why a change may be refused: the message or the chat is gone by now, or was never theirs to change. */
const excuses: ReadonlySet<string> = new Set(["not_found", "forbidden"]);

/** What a change makes for certain: the frame under the rev of its ack. An edit is never "so already". */
const certain: Readonly<Record<string, string>> = { EditMessage: "MessageEdited" };

export function checkChanges(journals: Journals, truth: Truth, tally: Tally): void {
  checkDone(journals.sends, truth, tally);
  checkFolds(truth, tally);
  checkReads(journals.invites, truth, tally);
}

function nameOf({ chatId, senderId, uuid }: Pick<Done, "chatId" | "senderId" | "uuid">): string {
  return `${chatId}/${senderId}/${uuid}`;
}

function checkDone(sends: readonly SendEntry[], truth: Truth, tally: Tally): void {
  const outcomes = new Map(truth.outcomes.map((outcome) => [nameOf(outcome), outcome]));
  const changes = new Map(truth.changes.map((change) => [`${change.chatId}/${change.rev}`, change]));
  const asked = new Map(
    sends.flatMap((entry) => (entry.kind === "ask" ? [[nameOf(entry), entry] as const] : [])),
  );
  const first = new Map<string, Done>();
  const declined = new Set<string>();
  for (const entry of sends) {
    if (entry.kind === "declined") {
      declined.add(nameOf(entry));
      if (!excuses.has(entry.code)) tally.add("refused", `${nameOf(entry)}: ${entry.code}`);
    }
    if (entry.kind !== "done") continue;
    const name = nameOf(entry);
    const known = first.get(name);
    if (known === undefined) first.set(name, entry);
    else if (!isSame(known, entry))
      tally.add("reacked", `${name} was acked at rev ${known.rev} and ${entry.rev}`);
    const outcome = outcomes.get(name);
    if (outcome === undefined) tally.add("lost", `${name}, a change, was acked at rev ${entry.rev}`);
    else if (!isSame(outcome, entry)) {
      tally.add("misacked", `${name} was acked at rev ${entry.rev}, Postgres has ${outcome.rev}`);
    }
    const ask = asked.get(name);
    const type = certain[ask?.type ?? ""];
    if (ask === undefined || type === undefined) continue;
    const frame = changes.get(`${entry.chatId}/${entry.rev}`)?.frame;
    if (frame?.["type"] !== type || frame["seq"] !== ask.seq || frame["body"] !== ask.body) {
      tally.add("lost", `${name}: rev ${entry.rev} is not that ${ask.type} of seq ${ask.seq}`);
    }
  }
  for (const name of asked.keys()) {
    if (!first.has(name) && !declined.has(name)) tally.add("unanswered", name);
  }
}

function isSame(one: Pick<StoredOutcome, "seq" | "rev" | "ts">, other: typeof one): boolean {
  return one.seq === other.seq && one.rev === other.rev && one.ts === other.ts;
}

/** What a message is by its changes alone. */
interface Folded {
  body: string | undefined;
  isDeleted: boolean;
  pinned: boolean;
  readonly reactions: Map<string, number[]>;
}

function checkFolds({ messages, changes }: Truth, tally: Tally): void {
  const folds = new Map<string, Folded>();
  for (const { chatId, frame } of changes) {
    if (typeof frame["seq"] === "number") fold(foldOf(folds, `${chatId}/${frame["seq"]}`), frame);
  }
  for (const message of messages) {
    const folded = folds.get(`${message.chatId}/${message.seq}`) ?? nothing();
    const where = `seq ${message.seq} of chat ${message.chatId}`;
    if (folded.isDeleted !== message.isDeleted) {
      tally.add("torn", `${where}: ${message.isDeleted ? "" : "not "}deleted`);
    } else if (folded.isDeleted) {
      if (message.body !== "") tally.add("torn", `${where}: deleted, and has a body`);
    } else {
      if (folded.body !== undefined && folded.body !== message.body)
        tally.add("torn", `${where}: another body`);
      if (folded.pinned !== message.pinned) tally.add("torn", `${where}: pinned ${message.pinned}`);
      const reactions = JSON.stringify(sorted(Object.entries(message.reactions)));
      if (JSON.stringify(sorted([...folded.reactions])) !== reactions)
        tally.add("torn", `${where}: ${reactions}`);
    }
  }
}

function nothing(): Folded {
  return { body: undefined, isDeleted: false, pinned: false, reactions: new Map() };
}

function foldOf(folds: Map<string, Folded>, key: string): Folded {
  const known = folds.get(key) ?? nothing();
  folds.set(key, known);
  return known;
}

function fold(folded: Folded, frame: StoredChange["frame"]): void {
  switch (frame["type"]) {
    case "MessageEdited":
      folded.body = frame["body"] as string;
      return;
    case "MessageDeleted":
      folded.isDeleted = true;
      return;
    case "Pinned":
      folded.pinned = frame["remove"] !== true;
      return;
    case "Reaction": {
      const emoji = frame["emoji"] as string;
      const left = (folded.reactions.get(emoji) ?? []).filter((userId) => userId !== frame["userId"]);
      if (frame["remove"] !== true) left.push(frame["userId"] as number);
      if (left.length === 0) folded.reactions.delete(emoji);
      else folded.reactions.set(emoji, left);
    }
  }
}

function sorted<T>(entries: readonly (readonly [string, T])[]): (readonly [string, T])[] {
  return entries.toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** Who left since took their receipts along. */
export function partings(truth: Truth): ReadonlySet<string> {
  return new Set(
    truth.changes.flatMap(({ chatId, frame }) =>
      frame["change"] === "left" || frame["change"] === "removed"
        ? [`${chatId}/${String(frame["userId"])}`]
        : [],
    ),
  );
}

function checkReads(invites: readonly InviteEntry[], truth: Truth, tally: Tally): void {
  const marks = new Map(truth.marks.map((mark) => [`${mark.chatId}/${mark.userId}`, mark]));
  const heads = new Map(truth.chats.map(({ id, headSeq }) => [id, headSeq]));
  const parted = partings(truth);
  for (const entry of invites) {
    if (entry.kind !== "read") continue;
    const name = `${entry.chatId}/${entry.userId}`;
    if (parted.has(name)) continue;
    const readSeq = marks.get(name)?.readSeq ?? 0;
    if (readSeq < entry.seq)
      tally.add("lost", `${name} was told to have read ${entry.seq}, Postgres has ${readSeq}`);
  }
  for (const { chatId, userId, deliveredSeq, readSeq } of truth.marks) {
    const head = heads.get(chatId) ?? 0;
    if (deliveredSeq > head || readSeq > deliveredSeq) {
      tally.add("backward", `${chatId}/${userId} has read ${readSeq}, got ${deliveredSeq} of ${head}`);
    }
  }
}
