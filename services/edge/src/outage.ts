import { Fault } from "@rookery/protocol";
import { type Log, sparseWarning } from "@rookery/runtime";
import { isOutage } from "@rookery/store";

const retryMs = 1_000;

/** What is said to whoever asks while Postgres is away; whether it was done is unknown. */
export const outage = (): Fault =>
  new Fault(
    "unavailable",
    "the database cannot be reached; repeat in a moment, under the same uuid or Idempotency-Key",
    {
      retryMs,
    },
  );

/**
 * What whoever asked is told of anything that was thrown: a fault as it is, an outage as `unavailable` with when to repeat, a bug
 * as `internal`, logged in the words of `bug`.
 */
export type FaultOf = (error: unknown, bug: string, about?: Readonly<Record<string, unknown>>) => Fault;

/** One an edge: an outage is one warning a second, without a stack, however many ask; readiness says the same. */
export function openFaultOf(log: Log): FaultOf {
  const warn = sparseWarning(log, "Postgres could not be asked");
  return (error, bug, about = {}) => {
    if (error instanceof Fault) return error;
    if (isOutage(error)) {
      warn({ ...about, err: String(error) });
      return outage();
    }
    log.error({ ...about, err: error }, bug);
    return new Fault("internal");
  };
}
