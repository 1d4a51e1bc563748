/** Sessions that ended while access tokens of theirs have not: those tokens are worth nothing here. */
import { clockSkewMs, type Tokens } from "@rookery/auth";
import type { SessionId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { readEndedSessions, type Store } from "@rookery/store";

/** How often Postgres is asked what ended though nobody told us; one query, however many sockets there are. */
const lookMs = 2_000;
/** Ends are looked for again so far back: commits come late, and the clocks of edges differ. */
const lookBackMs = 60_000;
const pageMax = 1_000;
/** Beyond it the one known longest is forgotten; its token goes on for minutes, its socket is closed already. */
const knownMax = 500_000;

export interface EndedSessions {
  has(id: SessionId): boolean;
  /** Word came that these have ended. */
  note(ids: readonly SessionId[]): void;
  /** The same tokens, of which those of ended sessions are told as `ended`; of the others each use is told. */
  guard(tokens: Tokens, onUse: (id: SessionId) => void): Tokens;
  close(): void;
}

export function openEndedSessions(parts: {
  readonly store: Store;
  /** How long a token outlives its session at most. */
  readonly tokenLifeMs: number;
  readonly now: () => number;
  /** Ends that were read from Postgres and not heard of before; never called for what `note` told. */
  readonly onFound: (ids: readonly SessionId[]) => void;
  readonly log: Log;
}): EndedSessions {
  const { store, now, log } = parts;
  const keepMs = parts.tokenLifeMs + clockSkewMs + lookBackMs;
  /** When each is forgotten. In order of that, as all are kept equally long. */
  const known = new Map<SessionId, number>();
  let sinceMs = now() - keepMs;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let failing = false;

  const note = (ids: readonly SessionId[]): void => {
    const nowMs = now();
    for (const id of ids) {
      known.delete(id);
      known.set(id, nowMs + keepMs);
    }
    for (const [id, untilMs] of known) {
      if (untilMs > nowMs && known.size <= knownMax) break;
      known.delete(id);
    }
  };

  const look = async (): Promise<void> => {
    const startMs = now();
    let after = { endedMs: sinceMs, id: 0 };
    while (!closed) {
      const page = await readEndedSessions(store, after, pageMax);
      const found = page.map(({ id }) => id).filter((id) => !known.has(id));
      note(found);
      if (found.length > 0) parts.onFound(found);
      const last = page.at(-1);
      if (last === undefined || page.length < pageMax) break;
      after = last;
    }
    sinceMs = startMs - lookBackMs;
  };

  const run = async (): Promise<void> => {
    try {
      await look();
      failing = false;
    } catch (error) {
      if (!failing && !closed) log.warn({ err: String(error) }, "ended sessions could not be read yet");
      failing = true;
    }
    if (!closed) timer = setTimeout(() => void run(), lookMs);
  };
  void run();

  return {
    has: (id) => known.has(id),
    note,
    guard: (tokens, onUse) => ({
      lifeMs: tokens.lifeMs,
      get jwks() {
        return tokens.jwks;
      },
      refresh: () => tokens.refresh(),
      sign: (claim, nowMs) => tokens.sign(claim, nowMs),
      verify: async (token, nowMs) => {
        const verdict = await tokens.verify(token, nowMs);
        if (verdict.kind !== "valid") return verdict;
        const { sessionId } = verdict.principal;
        if (sessionId === null) return verdict;
        if (known.has(sessionId)) return { ...verdict, kind: "ended" };
        onUse(sessionId);
        return verdict;
      },
    }),
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
