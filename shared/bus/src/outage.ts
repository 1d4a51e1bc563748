/** Why the bus could not do it. After all but `disconnected` and `overloaded` the outcome is unknown. */
export type OutageReason =
  /** No answer in time. */
  | "timeout"
  /** Nobody listens on the subject: no such service, or no stream that takes it. */
  | "no_responders"
  /** No connection now; nothing was sent, or the connection went away before the answer. */
  | "disconnected"
  /** A bound of ours is reached: too many answers awaited, or too many bytes not yet taken by the server. */
  | "overloaded"
  /** JetStream answered that it cannot work now: no leader, offline, starting. */
  | "unavailable";

/** The bus is away for a while. The caller repeats, with a bound, or tells its own caller. */
export class BusOutage extends Error {
  override name = "BusOutage";
  readonly reason: OutageReason;

  constructor(reason: OutageReason, subject: string) {
    super(`${subject}: ${reason}`);
    this.reason = reason;
  }
}
