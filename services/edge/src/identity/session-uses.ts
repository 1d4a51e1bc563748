import type { SessionId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { type SessionUse, type Store, touchSessions } from "@rookery/store";

/** Uses are written together, so late at most. */
const writeMs = 5_000;
/** A session that goes on being used is written again after so long. */
const restMs = 60_000;
/** Sessions whose uses wait to be written or were lately; beyond it the oldest is forgotten, and written again. */
const knownMax = 50_000;

/** When, where and as what sessions were used last, as their users are shown it. */
export interface SessionUses {
  note(id: SessionId, use: Pick<SessionUse, "address" | "device">): void;
  /** Writes what is left to write. */
  close(): Promise<void>;
}

export function openSessionUses(parts: {
  readonly store: Store;
  readonly now: () => number;
  readonly log: Log;
}): SessionUses {
  const { store, now, log } = parts;
  const last = new Map<SessionId, SessionUse>();
  let waiting = new Map<SessionId, SessionUse>();

  const write = async (): Promise<void> => {
    const uses = waiting;
    waiting = new Map();
    if (uses.size === 0) return;
    try {
      await touchSessions(store, uses);
    } catch (error) {
      // The next use says it again.
      for (const id of uses.keys()) last.delete(id);
      log.warn({ err: String(error) }, "last uses of sessions were not written");
    }
  };
  const timer = setInterval(() => void write(), writeMs);

  return {
    note(id, { address, device }) {
      const nowMs = now();
      const before = last.get(id);
      const use = {
        usedMs: nowMs,
        address: address ?? before?.address ?? null,
        device: device ?? before?.device ?? null,
      };
      const isNew = before === undefined || nowMs - before.usedMs >= restMs;
      if (!isNew && before.address === use.address && before.device === use.device) return;
      // Deleting first keeps the map in order of use.
      last.delete(id);
      last.set(id, use);
      waiting.set(id, use);
      if (waiting.size >= knownMax) void write();
      const [oldest] = last.keys();
      if (last.size > knownMax && oldest !== undefined) last.delete(oldest);
    },
    async close() {
      clearInterval(timer);
      await write();
    },
  };
}
