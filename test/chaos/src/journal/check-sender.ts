/** Senders against Postgres: what was acked is there, once, where the ack said, and in the order of cause and effect. */
import { partings } from "./check-change.ts";
import type { AuditEntry, FaultEntry, InviteEntry, Journals, SendEntry } from "./entry.ts";
import type { Tally } from "./tally.ts";
import type { StoredMessage, Truth } from "./truth.ts";

type Ack = Extract<SendEntry, { kind: "ack" }>;

export function checkSenders(journals: Journals, truth: Truth, tally: Tally): void {
  const stored = new Map<string, StoredMessage>();
  for (const message of truth.messages) stored.set(nameOf(message), message);
  const acks = checkAcks(journals.sends, stored, tally);
  checkAnswers(journals, acks, tally);
  checkCause(journals.sends, acks, tally);
  checkInvites(journals.invites, truth, tally);
  checkAudits(journals.audits, tally);
  checkFrozen(journals, tally);
}

function nameOf({ chatId, senderId, uuid }: Pick<Ack, "chatId" | "senderId" | "uuid">): string {
  return `${chatId}/${senderId}/${uuid}`;
}

/** @returns the first ack of each name. */
function checkAcks(
  sends: readonly SendEntry[],
  stored: ReadonlyMap<string, StoredMessage>,
  tally: Tally,
): Map<string, Ack> {
  const first = new Map<string, Ack>();
  for (const entry of sends) {
    if (entry.kind !== "ack") continue;
    const name = nameOf(entry);
    const known = first.get(name);
    if (known === undefined) first.set(name, entry);
    else if (known.seq !== entry.seq || known.ts !== entry.ts) {
      tally.add("reacked", `${name} was acked at seq ${known.seq} and at ${entry.seq}`);
    }
    const row = stored.get(name);
    if (row === undefined) {
      if (known === undefined) tally.add("lost", `${name} was acked at seq ${entry.seq}`);
    } else if (row.seq !== entry.seq || row.ts !== entry.ts) {
      tally.add("misacked", `${name} was acked at seq ${entry.seq}, Postgres has it at ${row.seq}`);
    }
  }
  return first;
}

/** Who was on their way out of a chat: to them it need not be there. */
function leavers(invites: readonly InviteEntry[]): ReadonlySet<string> {
  return new Set(
    invites.flatMap((entry) => (entry.kind === "part" ? [`${entry.chatId}/${entry.userId}`] : [])),
  );
}

function checkAnswers({ sends, invites }: Journals, acks: ReadonlyMap<string, Ack>, tally: Tally): void {
  const parted = leavers(invites);
  const refused = new Set<string>();
  for (const entry of sends) {
    if (entry.kind !== "refusal") continue;
    refused.add(nameOf(entry));
    const isOut = entry.code === "not_found" && parted.has(`${entry.chatId}/${entry.senderId}`);
    if (!isOut) tally.add("refused", `${nameOf(entry)}: ${entry.code}`);
  }
  for (const entry of sends) {
    if (entry.kind === "send" && !acks.has(nameOf(entry)) && !refused.has(nameOf(entry))) {
      tally.add("unanswered", nameOf(entry));
    }
  }
}

/** What was sent after another of its chat was acked stands behind it. */
function checkCause(sends: readonly SendEntry[], acks: ReadonlyMap<string, Ack>, tally: Tally): void {
  const chats = new Map<number, { readonly ack: Ack; readonly sentMs: number }[]>();
  for (const entry of sends) {
    if (entry.kind !== "send") continue;
    const ack = acks.get(nameOf(entry));
    if (ack === undefined) continue;
    const list = chats.get(entry.chatId);
    const item = { ack, sentMs: entry.atMs };
    if (list === undefined) chats.set(entry.chatId, [item]);
    else list.push(item);
  }
  for (const list of chats.values()) {
    let soonest: Ack | undefined;
    for (const { ack, sentMs } of list.toSorted((one, other) => other.ack.seq - one.ack.seq)) {
      if (soonest !== undefined && soonest.atMs < sentMs) {
        const [later, earlier] = [nameOf(ack), nameOf(soonest)];
        tally.add(
          "disordered",
          `${later} (seq ${ack.seq}) was sent after ${earlier} (seq ${soonest.seq}) was acked`,
        );
      }
      if (soonest === undefined || ack.atMs < soonest.atMs) soonest = ack;
    }
  }
}

function checkInvites(invites: readonly InviteEntry[], truth: Truth, tally: Tally): void {
  const members = new Set(truth.members.map(({ chatId, userId }) => `${chatId}/${userId}`));
  const parted = partings(truth);
  const answered = new Set<string>();
  const out = leavers(invites);
  for (const entry of invites) {
    if (entry.kind === "declined") {
      answered.add(entry.uuid);
      if (!out.has(`${entry.chatId}/${entry.senderId}`)) tally.add("refused", `${entry.uuid}: not_found`);
    }
    if (entry.kind !== "invited") continue;
    answered.add(entry.uuid);
    const name = `${entry.chatId}/${entry.userId}`;
    if (!members.has(name) && !parted.has(name)) {
      tally.add("lost", `${entry.uuid}: user ${entry.userId} was told to be in chat ${entry.chatId}`);
    }
  }
  for (const entry of invites) {
    if (entry.kind === "invite" && !answered.has(entry.uuid)) tally.add("unanswered", entry.uuid);
  }
}

/** L1: who looks into Postgres after the ack finds the row. */
function checkAudits(audits: readonly AuditEntry[], tally: Tally): void {
  for (const { uuid, chatId, seq, storedSeq } of audits) {
    if (storedSeq === seq) continue;
    const found = storedSeq === null ? "nothing" : `seq ${storedSeq}`;
    tally.add("early", `${uuid} of chat ${chatId} was told at seq ${seq}, Postgres had ${found}`);
  }
}

/** L1: while Postgres stands still nothing that was sent meanwhile can be committed, so nothing of it can be told. */
function checkFrozen({ sends, readers, faults }: Journals, tally: Tally): void {
  const windows = faults.filter(
    (entry): entry is Extract<FaultEntry, { kind: "frozen" }> => entry.kind === "frozen",
  );
  if (windows.length === 0) return;
  const sentMs = new Map<string, number>();
  for (const entry of sends) {
    if (entry.kind === "send" || entry.kind === "ask") sentMs.set(entry.uuid, entry.atMs);
  }
  const check = (uuid: string, atMs: number, what: string): void => {
    const sent = sentMs.get(uuid);
    if (sent === undefined) return;
    if (windows.some(({ fromMs, toMs }) => sent > fromMs && atMs < toMs)) {
      tally.add("early", `${uuid} was ${what} while Postgres stood still`);
    }
  };
  for (const entry of sends) {
    if (entry.kind === "ack" || entry.kind === "done") check(entry.uuid, entry.atMs, "acked");
  }
  for (const { entries } of readers) {
    for (const entry of entries) if (entry.kind === "message") check(entry.uuid, entry.atMs, "seen");
  }
}
