/** What JetStream says about a delivery in its reply subject. */
export interface AckSubject {
  /** Sequence in the stream: sparse for one subject, never reused while the stream lives and is whole. */
  readonly streamSeq: number;
  /** Sequence in this consumer: 1, 2, 3 … without gaps. */
  readonly consumerSeq: number;
  /** When the stream stored it, whole milliseconds. */
  readonly timeMs: number;
  /** Messages of this consumer that were still behind it when it was sent. */
  readonly pending: number;
}

/** Source: nats-server ADR-15. `$JS.ACK.<stream>.<consumer>.<tries>.<sseq>.<dseq>.<ns>.<pending>`. */
const SHORT_TOKENS = 9;
/** The form with domain and account in front, and since 2.11 perhaps a random token behind. */
const LONG_TOKENS = [11, 12];
const NS_DIGITS_OF_MS = 6;

/** Returns null for any subject that is not an acknowledgement subject. */
export function parseAckSubject(subject: string): AckSubject | null {
  if (!subject.startsWith("$JS.ACK.")) return null;
  const tokens = subject.split(".");
  const shift = tokens.length === SHORT_TOKENS ? 0 : LONG_TOKENS.includes(tokens.length) ? 2 : -1;
  if (shift < 0) return null;
  const streamSeq = Number(tokens[5 + shift]);
  const consumerSeq = Number(tokens[6 + shift]);
  // Nanoseconds do not fit a double; cutting digits is exact where dividing is not.
  const timeMs = Number(tokens[7 + shift]?.slice(0, -NS_DIGITS_OF_MS));
  const pending = Number(tokens[8 + shift]);
  const whole =
    Number.isSafeInteger(streamSeq) &&
    Number.isSafeInteger(consumerSeq) &&
    Number.isSafeInteger(timeMs) &&
    Number.isSafeInteger(pending);
  return whole ? { streamSeq, consumerSeq, timeMs, pending } : null;
}
