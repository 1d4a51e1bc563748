import { Fault } from "@rookery/protocol";

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
