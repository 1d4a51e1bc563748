/** Who asks, what they may do, and what has ended: everything of identity that an edge holds, opened and closed together. */
import { type ApiKeys, openApiKeys, openTokens, readPrivateKey, type Tokens } from "@rookery/auth";
import type { Bus } from "@rookery/bus";
import { type Cache, type Limits, openEntries } from "@rookery/cache";
import type { Env, Log } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import { openRevocations, type Revocations } from "../revocations.ts";
import { openRights } from "../socket/rights.ts";
import type { SocketServer } from "../socket/server.ts";
import { type Access, openAccess, type StoredGrants } from "./access.ts";
import { type Authentication, openAuthentication } from "./authentication.ts";
import { type EndedSessions, openEndedSessions } from "./ended-sessions.ts";
import { watchKeys } from "./key-watch.ts";
import { openKeyRing } from "./key-ring.ts";
import { openSessionUses, type SessionUses } from "./session-uses.ts";
import { startIdentitySweep } from "./sweep.ts";

/** What roles permit is kept in Redis for so long; a change is seen at once. */
const grantsMs = 5 * 60_000;

export interface Identity {
  readonly tokens: Tokens;
  readonly apiKeys: ApiKeys;
  readonly authentication: Authentication;
  readonly access: Access;
  readonly revocations: Revocations;
  readonly endedSessions: EndedSessions;
  readonly sessionUses: SessionUses;
  close(): Promise<void>;
}

export async function openIdentity(parts: {
  readonly env: Env;
  readonly store: Store;
  readonly bus: Bus;
  readonly cache: Cache;
  readonly limits: Limits;
  /** Events of the audit log are kept for so long. */
  readonly auditDays: number;
  readonly sockets: () => SocketServer;
  readonly log: Log;
}): Promise<Identity> {
  const { env, store, bus, cache, limits, sockets, log } = parts;
  const now = Date.now;
  const readAgain = (): Promise<string> => readPrivateKey(env);
  const signed = await openTokens({ privateKeyPem: await readAgain(), readAgain });
  const sessionUses = openSessionUses({ store, now, log });
  const endedSessions = openEndedSessions({
    store,
    tokenLifeMs: signed.lifeMs,
    now,
    onFound: (sessionIds) => revocations.apply({ sessionIds }),
    log,
  });
  const tokens = endedSessions.guard(signed, (id) => sessionUses.note(id, { address: null, device: null }));
  const stopKeyWatch = watchKeys(tokens, log);
  const stopSweep = startIdentitySweep({ store, auditDays: parts.auditDays, now, log });
  const apiKeys = openApiKeys();
  const keys = openKeyRing({ store, apiKeys, limits, now, log });
  const access = openAccess({
    store,
    entries: openEntries<StoredGrants>({ cache, name: "grants", lifeMs: grantsMs, log }),
    now,
  });
  const rights = openRights({ access, connections: () => sockets().connections, log });
  const revocations = openRevocations({
    bus,
    store,
    keys,
    access,
    sockets,
    onRevoked: ({ sessionIds = [] }) => endedSessions.note(sessionIds),
    rightsChanged: () => rights.refresh(),
    now,
    log,
  });

  return {
    tokens,
    apiKeys,
    authentication: openAuthentication({ tokens, keys, now }),
    access,
    revocations,
    endedSessions,
    sessionUses,
    async close() {
      revocations.close();
      rights.close();
      // Of last uses that cannot be written now, the next edge hears from the next use.
      await keys
        .close()
        .catch((error: unknown) => log.warn({ err: String(error) }, "last uses were not written"));
      endedSessions.close();
      stopKeyWatch();
      stopSweep();
      await sessionUses.close();
    },
  };
}
