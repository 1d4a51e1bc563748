/**
 * Proofs that are none any more, and rights that changed: told to all edges, each of which closes the sockets that were
 * opened with them. Word may be lost; so every edge also reads what was revoked in the last minute, again and again.
 */
import type { Bus } from "@rookery/bus";
import { closeCodes, encodeInternal, parseInternal, type Revocation, subjects } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { readRevoked, type Store } from "@rookery/store";
import type { Access } from "./identity/access.ts";
import type { KeyRing } from "./identity/key-ring.ts";
import type { Session } from "./socket/connection.ts";
import type { SocketServer } from "./socket/server.ts";

const healMs = 2_000;
/** Beyond what was read before: clocks differ, commits take their time, and sockets may be just opening. */
const overlapMs = 60_000;

export interface Revocations {
  /** Says to all edges, this one too, what has just been revoked, after the commit. Lost word heals by itself. */
  announce(revocation: Revocation): void;
  /** What somebody else has told or was found in Postgres: done here, and not told further. */
  apply(revocation: Revocation): void;
  close(): void;
}

export function openRevocations(parts: {
  readonly bus: Pick<Bus, "publish" | "subscribe">;
  readonly store: Store;
  readonly keys: Pick<KeyRing, "forget">;
  readonly access: Pick<Access, "learn">;
  readonly sockets: () => Pick<SocketServer, "endWhere">;
  /** Somebody's rights have changed: what sockets were let do is to be looked up again. */
  readonly rightsChanged: () => void;
  readonly now: () => number;
  readonly log: Log;
  /** Told first, so that none of what is revoked opens a socket behind those that end. */
  readonly onRevoked: (revocation: Revocation) => void;
}): Revocations {
  const { bus, store, keys, access, now, log } = parts;

  const apply = (revocation: Revocation): void => {
    parts.onRevoked(revocation);
    keys.forget(revocation.keyIds ?? []);
    parts.sockets().endWhere(concerns(revocation), closeCodes.unauthorized, "the session or key was ended");
    if (access.learn(revocation.accessVersion ?? 0)) parts.rightsChanged();
  };

  let readUpToMs = now();
  let reading = false;
  const heal = async (): Promise<void> => {
    const nowMs = now();
    apply(await readRevoked(store, readUpToMs - overlapMs));
    readUpToMs = nowMs;
  };
  const timer = setInterval(() => {
    if (reading) return;
    reading = true;
    heal()
      .catch((error: unknown) => log.warn({ err: String(error) }, "what was revoked cannot be read now"))
      .finally(() => {
        reading = false;
      });
  }, healMs);

  const subscription = bus.subscribe(subjects.revoked, ({ bytes }) =>
    apply(parseInternal<Revocation>(bytes)),
  );
  return {
    apply,
    announce(revocation) {
      // Here at once and also while NATS is away; our own word, when it comes back to us, finds nothing left.
      apply(revocation);
      bus.publish(subjects.revoked, encodeInternal(revocation));
    },
    close() {
      clearInterval(timer);
      subscription.close();
    },
  };
}

/** Whether a socket was opened by what is revoked. */
export function concerns({
  sessionIds = [],
  keyIds = [],
}: Revocation): (session: Pick<Session, "principal">) => boolean {
  const [sessions, keys] = [new Set(sessionIds), new Set(keyIds)];
  if (sessions.size + keys.size === 0) return () => false;
  return ({ principal: { sessionId, keyId } }) =>
    (sessionId !== null && sessions.has(sessionId)) || (keyId !== null && keys.has(keyId));
}
