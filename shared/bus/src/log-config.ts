import type { StreamConfig } from "@nats-io/jetstream";

/** A log to be: one stream, one subject a shard. */
export interface LogSpec {
  readonly name: string;
  /** Such as `cmd.0.*`. No two logs share a subject. */
  readonly subjects: readonly string[];
  /** Beyond it appends are refused as full. */
  readonly bytesMax: number;
  readonly messagesMax?: number;
  /** Copies: 1 on one machine, 3 in production. */
  readonly replicas: number;
}

/** Beside the stream's own data, kept by the server: which log this is, whatever its name. */
export const LOG_ID_KEY = "rookery_log_id";

/** The server's memory of message ids, only the first filter before L3; at 30 k/s it holds a million. */
const DUPLICATE_WINDOW_MS = 30_000;
const NS_PER_MS = 1_000_000;
const NO_LIMIT = -1;

/**
 * The stream for a log: nothing leaves it but by trimming (no age, `discard: new`), so an owner that was away
 * finds everything it has not applied, and a full log refuses instead of forgetting (L7).
 */
export function encodeLogConfig(spec: LogSpec, logId: string): Partial<StreamConfig> {
  return {
    name: spec.name,
    subjects: [...spec.subjects],
    retention: "limits",
    discard: "new",
    storage: "file",
    max_age: 0,
    max_bytes: spec.bytesMax,
    max_msgs: spec.messagesMax ?? NO_LIMIT,
    num_replicas: spec.replicas,
    duplicate_window: DUPLICATE_WINDOW_MS * NS_PER_MS,
    metadata: { [LOG_ID_KEY]: logId },
  };
}

/** Why a stream breaks the promises of a log, or null. Limits may differ from ours: they are the operator's. */
export function findMismatch(
  config: Partial<StreamConfig>,
  subjects: readonly string[] | undefined,
): string | null {
  if (config.metadata?.[LOG_ID_KEY] === undefined) return "it was not made by us (it has no log identity)";
  if (config.retention !== "limits") return `its retention is ${config.retention}, not limits`;
  if (config.discard !== "new") return "it discards old messages";
  if ((config.max_age ?? 0) > 0) return "its messages expire";
  if ((config.max_msgs_per_subject ?? 0) > 0 && !config.discard_new_per_subject) {
    return "it discards old messages of a subject";
  }
  const taken = config.subjects ?? [];
  if (subjects !== undefined && [...subjects].sort().join() !== [...taken].sort().join()) {
    return `it takes ${taken.join(", ")}, not ${subjects.join(", ")}`;
  }
  return null;
}
