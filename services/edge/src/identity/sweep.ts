import type { Log } from "@rookery/runtime";
import { type Store, sweepAudit, sweepSessions } from "@rookery/store";

/** How often an edge sweeps; all of them do, and take what the others left. */
const sweepMs = 60_000;
/** Rows of a kind deleted at once; beyond it the next sweep goes on. */
const sweptMax = 1_000;
const dayMs = 24 * 60 * 60_000;

/**
 * Deletes what has outlived its use: expired sessions with their refresh tokens, and events older than `auditDays`.
 * @returns what stops it.
 */
export function startIdentitySweep(parts: {
  readonly store: Store;
  readonly auditDays: number;
  readonly now: () => number;
  readonly log: Log;
}): () => void {
  const { store, auditDays, now, log } = parts;
  const sweep = async (): Promise<void> => {
    try {
      await sweepSessions(store, { beforeMs: now(), limit: sweptMax });
      await sweepAudit(store, { beforeMs: now() - auditDays * dayMs, limit: sweptMax });
    } catch (error) {
      log.warn({ err: String(error) }, "old sessions and events could not be swept");
    }
  };
  const timer = setInterval(() => void sweep(), sweepMs);
  return () => clearInterval(timer);
}
