/** API keys as they are presented: looked up by prefix, proven once, and known for some seconds after that. */
import { createHmac, randomBytes } from "node:crypto";
import { type ApiKeys, keyPrefix, type Principal } from "@rookery/auth";
import type { Limit, Limits } from "@rookery/cache";
import { Fault, type KeyId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { type ApiKeyProof, readApiKeyProof, type Store, touchApiKeys } from "@rookery/store";

/** How long a proof is good without another look; what is revoked meanwhile is forgotten at once. */
const knownMs = 20_000;
/** Proven keys, and texts found to be none; beyond it the oldest is forgotten, and is proven once more. */
const knownMax = 10_000;
/** Argon2 runs for one prefix from one address: an edge that forgot a key needs three a minute. */
const proofLimit: Limit = { name: "key-proof", perMinute: 20, burst: 20, whenAway: "local" };
/** Prefixes looked up for one address, most of them nobody's when it is used up. */
const lookLimit: Limit = { name: "key-look", perMinute: 600, burst: 600, whenAway: "local" };
const touchMs = 5_000;
/** Keys used since the last writing; beyond it they are written at once. */
const touchedMax = 1_000;
/** A key revoked so long ago is in no proof that is still under way, or known. */
const revokedMs = 60_000;

export interface KeyRing {
  /**
   * Who holds the key; null when it is none, revoked or ended. `address` is the caller's.
   * @throws Fault `rate_limited` after many wrong secrets, `overloaded` when too many are being proven.
   */
  prove(key: string, address: string): Promise<Principal | null>;
  /** These are no proof any more. */
  forget(keyIds: readonly KeyId[]): void;
  /** Writes what is left to write. */
  close(): Promise<void>;
}

interface Known {
  readonly principal: Principal | null;
  readonly untilMs: number;
}

export function openKeyRing(parts: {
  readonly store: Store;
  readonly apiKeys: Pick<ApiKeys, "verify">;
  readonly limits: Limits;
  readonly now: () => number;
  readonly log: Log;
}): KeyRing {
  const { store, apiKeys, limits, now, log } = parts;
  // Keys are not kept, not even here: what is looked up is their HMAC under a key that dies with the process.
  const hmacKey = randomBytes(32);
  const known = new Map<string, Known>();
  const underway = new Map<string, Promise<Principal | null>>();
  const revoked = new Map<KeyId, number>();
  let touched = new Map<KeyId, number>();

  const take = async (limit: Limit, key: string): Promise<void> => {
    const { allowed, retryMs } = await limits.take({ limit, key });
    if (!allowed) throw new Fault("rate_limited", "too many wrong keys; wait a little", { retryMs });
  };

  const look = async (key: string, prefix: string, address: string): Promise<Principal | null> => {
    await take(lookLimit, address);
    const row = await readApiKeyProof(store, prefix);
    // Nobody's prefix costs nobody a computation.
    if (row === null) return null;
    await take(proofLimit, `${prefix}:${address}`);
    const proven: boolean = await apiKeys.verify(key, row.digest);
    return proven ? principalOf(row) : null;
  };

  const remember = (name: string, principal: Principal | null): void => {
    known.delete(name);
    known.set(name, { principal, untilMs: now() + knownMs });
    const [oldest] = known.keys();
    if (known.size > knownMax && oldest !== undefined) known.delete(oldest);
  };

  const flush = async (): Promise<void> => {
    const writing = touched;
    touched = new Map();
    if (writing.size > 0) await touchApiKeys(store, writing);
  };
  const flushSoon = (): void => {
    // Word of a last use that is lost is said again by the next use.
    flush().catch((error: unknown) => log.warn({ err: String(error) }, "last uses of keys were not written"));
    for (const [id, sinceMs] of revoked) if (now() - sinceMs > revokedMs) revoked.delete(id);
  };
  const timer = setInterval(flushSoon, touchMs);
  timer.unref();

  const touch = (keyId: KeyId): void => {
    touched.set(keyId, now());
    if (touched.size >= touchedMax) flushSoon();
  };

  return {
    async prove(key, address) {
      const prefix = keyPrefix(key);
      if (prefix === undefined) return null;
      const name = createHmac("sha256", hmacKey).update(key).digest("base64url");
      const found = known.get(name);
      let principal: Principal | null;
      if (found !== undefined && found.untilMs > now()) principal = found.principal;
      else {
        let proof = underway.get(name);
        if (proof === undefined) {
          proof = look(key, prefix, address).finally(() => underway.delete(name));
          underway.set(name, proof);
        }
        principal = await proof;
        remember(name, principal);
      }
      if (principal === null || principal.expiresMs <= now()) return null;
      if (principal.keyId !== null) {
        if (revoked.has(principal.keyId)) return null;
        touch(principal.keyId);
      }
      return principal;
    },
    forget(keyIds) {
      if (keyIds.length === 0) return;
      for (const id of keyIds) revoked.set(id, now());
      const gone = new Set(keyIds);
      for (const [name, { principal }] of known) {
        if (principal !== null && principal.keyId !== null && gone.has(principal.keyId)) known.delete(name);
      }
    },
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

function principalOf({ id, userId, role, scopes, rateLimit, expiresMs }: ApiKeyProof): Principal {
  const expires = expiresMs ?? Number.POSITIVE_INFINITY;
  return { userId, sessionId: null, keyId: id, roles: [role], scopes, rateLimit, expiresMs: expires };
}
