/** What a run may be found guilty of, each with its meaning. A run is clean when every count is 0. */
export const counters = {
  lost: "acked, and not in Postgres: a message, a change, a receipt",
  duplicated: "stored twice: one uuid under two sequences, one join twice",
  reacked: "one uuid acked with two different outcomes",
  misacked: "the ack says another sequence or time than Postgres",
  gap: "a sequence or rev is missing: in Postgres, or between what a reader kept",
  disagreed: "two readers saw different things at one place",
  phantom: "a reader saw what Postgres does not hold, or holds otherwise",
  repeated: "a reader that ignores what it has still saw a uuid twice",
  disordered: "seen after its successor, or stored before what it was sent after",
  torn: "a message is not what its changes make of it",
  backward: "a receipt went back, or beyond the head",
  behind: "a reader ends behind the head, or does not know a chat it is in",
  unanswered: "never acked, however often it was sent",
  refused: "refused for good, which nothing here deserves",
  early: "told before it was committed",
  parked: "in the dead letters, where nothing here belongs",
  unrelayed: "a command from actor to actor that was never applied",
  offset: "a shard's offset is not the last message of its log",
} as const;

export type CounterName = keyof typeof counters;

export interface Finding {
  readonly count: number;
  /** The first few, in words. */
  readonly examples: readonly string[];
}

export type Verdict = Readonly<Record<CounterName, Finding>>;

const examplesMax = 5;

/** Counts findings on the way to a verdict. */
export class Tally {
  readonly #counts = new Map<CounterName, { count: number; readonly examples: string[] }>();

  add(counter: CounterName, example: string): void {
    let entry = this.#counts.get(counter);
    if (entry === undefined) this.#counts.set(counter, (entry = { count: 0, examples: [] }));
    entry.count += 1;
    if (entry.examples.length < examplesMax) entry.examples.push(example);
  }

  close(): Verdict {
    const names = Object.keys(counters) as CounterName[];
    return Object.fromEntries(
      names.map((name) => [name, this.#counts.get(name) ?? { count: 0, examples: [] }]),
    ) as unknown as Verdict;
  }
}

/** Those counters that are not 0. */
export function guiltOf(verdict: Verdict): CounterName[] {
  return (Object.keys(verdict) as CounterName[]).filter((name) => verdict[name].count > 0);
}
