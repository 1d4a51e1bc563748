export interface LookupOptions<S, V> {
  /** Answers remembered; beyond it the longest unused one is forgotten. */
  readonly entriesMax: number;
  /** For how long an answer is believed. */
  readonly lifeMs: number;
  readonly now: () => number;
  /** Equal keys, equal subjects. */
  readonly keyOf: (subject: S) => string;
  /** Asks the store. Null (there is none) is never remembered, nor is a failure. */
  readonly load: (subject: S) => Promise<V | null>;
}

/** Answers of the store, remembered within bounds. Who asks for what is being loaded waits for that. */
export interface Lookup<S, V> {
  get(subject: S): Promise<V | null>;
}

export function openLookup<S, V>(options: LookupOptions<S, V>): Lookup<S, V> {
  const entries = new Map<string, { readonly answer: Promise<V | null>; readonly untilMs: number }>();

  function load(subject: S, key: string): Promise<V | null> {
    const answer = options.load(subject);
    const entry = { answer, untilMs: options.now() + options.lifeMs };
    const forget = (): void => {
      if (entries.get(key) === entry) entries.delete(key);
    };
    answer.then((value) => {
      if (value === null) forget();
    }, forget);
    entries.set(key, entry);
    const [oldest] = entries.keys();
    if (entries.size > options.entriesMax && oldest !== undefined) entries.delete(oldest);
    return answer;
  }

  return {
    get: (subject) => {
      const key = options.keyOf(subject);
      const entry = entries.get(key);
      // Deleting first keeps the map in order of use.
      entries.delete(key);
      if (entry === undefined || entry.untilMs <= options.now()) return load(subject, key);
      entries.set(key, entry);
      return entry.answer;
    },
  };
}
