/**
 * A dead letter's way back: appended to the log of its shard like any command, by nobody who waits for an answer. What
 * became of it is read from what its owner has committed.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bus } from "@rookery/bus";
import {
  type CommandBatch,
  encodeInternal,
  type LoggedCommand,
  type Outcome,
  subjects,
} from "@rookery/protocol";
import {
  type DeadLetter,
  findDeadLettersAt,
  listShards,
  markRetried,
  recallChatCommands,
  type Store,
} from "@rookery/store";

export type RetryVerdict =
  | { readonly kind: "applied"; readonly outcome: Outcome }
  /** Its owner has passed it, and keeps no outcome of such commands. */
  | { readonly kind: "passed" }
  /** Its actor said no; nothing was written. */
  | { readonly kind: "refused" }
  | { readonly kind: "parked"; readonly again: DeadLetter }
  /** In the log, before its owner. */
  | { readonly kind: "waiting"; readonly seq: number };

interface Retry {
  readonly letter: DeadLetter;
  readonly command: LoggedCommand;
  /** Where it lies in the log. */
  readonly seq: number;
}

const decideMsMax = 5_000;
const pollMs = 100;

/**
 * Appends the letters' commands again, in the order given, marks them as retried and waits up to 5 s for their owners.
 *
 * Appended first and marked then: ended in between, a letter is retried once more, which changes nothing (L3).
 *
 * @throws BusOutage, LogFull when the log does not take one; those before it are marked.
 */
export async function retryDeadLetters(
  { store, bus }: { readonly store: Store; readonly bus: Bus },
  letters: readonly DeadLetter[],
): Promise<(readonly [DeadLetter, RetryVerdict])[]> {
  const retries: Retry[] = [];
  const run = randomUUID();
  for (const letter of letters) {
    const { ref: _, ...command } = JSON.parse(letter.command) as LoggedCommand;
    const batch: CommandBatch = { edge: null, commands: [command] };
    // The shard it was parked by: an address that is wrong is refused there, and by no other.
    const subject = subjects.commands(letter.shard);
    const { seq } = await bus.append(subject, encodeInternal(batch), { msgId: `${run}.${letter.id}` });
    await markRetried(store, letter.id, Date.now());
    retries.push({ letter, command, seq });
  }
  const passed = await awaitPassed(store, retries);
  const again = await findDeadLettersAt(
    store,
    retries.map(({ letter, seq }) => ({ shard: letter.shard, seq })),
  );
  const outcomes = await readOutcomes(store, retries);
  return retries.map((one) => {
    // A log begun anew may have used the place before.
    const parked = again.findLast(
      ({ id, shard, seq }) => id > one.letter.id && shard === one.letter.shard && seq === one.seq,
    );
    return [one.letter, judge(one, { isPassed: passed.has(one), parked, outcome: outcomes.get(one) })];
  });
}

function judge(
  { command, seq }: Retry,
  found: {
    readonly isPassed: boolean;
    readonly parked: DeadLetter | undefined;
    readonly outcome: Outcome | undefined;
  },
): RetryVerdict {
  if (found.parked !== undefined) return { kind: "parked", again: found.parked };
  if (found.outcome !== undefined) return { kind: "applied", outcome: found.outcome };
  if (!found.isPassed) return { kind: "waiting", seq };
  return hasOutcome(command) ? { kind: "refused" } : { kind: "passed" };
}

/** Those whose shard has applied the log beyond them, after all have or the wait is over. */
async function awaitPassed(store: Store, retries: readonly Retry[]): Promise<ReadonlySet<Retry>> {
  const untilMs = performance.now() + decideMsMax;
  for (;;) {
    const applied = new Map((await listShards(store, "log")).map(({ id, appliedSeq }) => [id, appliedSeq]));
    const passed = new Set(retries.filter(({ letter, seq }) => (applied.get(letter.shard) ?? 0) >= seq));
    if (passed.size === retries.length || performance.now() > untilMs) return passed;
    await sleep(pollMs);
  }
}

async function readOutcomes(store: Store, retries: readonly Retry[]): Promise<ReadonlyMap<Retry, Outcome>> {
  const asked = retries.filter(({ command }) => hasOutcome(command));
  const rows = await recallChatCommands(
    store,
    asked.map(({ command: { actor, senderId, uuid } }) => ({ chatId: actor.id, senderId, uuid })),
  );
  return new Map(
    asked.flatMap((one) => {
      const { actor, senderId, uuid } = one.command;
      const row = rows.find((r) => r.chatId === actor.id && r.senderId === senderId && r.uuid === uuid);
      return row === undefined ? [] : [[one, row.outcome] as const];
    }),
  );
}

/** Commands to chats from outside have their outcomes kept; those between actors are known by their effect. */
function hasOutcome({ actor, relayId }: LoggedCommand): boolean {
  return actor.kind === "chat" && relayId === undefined;
}

/** What became of a retried letter, in one line. */
export function encodeVerdict(letter: DeadLetter, verdict: RetryVerdict): string {
  switch (verdict.kind) {
    case "applied": {
      const { outcome } = verdict;
      return `applied to ${letter.actor}${outcome.kind === "sent" ? ` as message ${outcome.seq}` : ""}`;
    }
    case "passed":
      return `decided by ${letter.actor}`;
    case "refused":
      return `refused by ${letter.actor}, as its sender would be told now; nothing was written`;
    case "parked":
      return `failed again and is parked as ${verdict.again.id}: ${verdict.again.reason}`;
    case "waiting":
      return (
        `in the log of shard ${letter.shard} as ${verdict.seq}, not decided yet: the shard's owner does so next ` +
        "(see rookery shards); if it fails again, it is listed under a new id"
      );
  }
}
