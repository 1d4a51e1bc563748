/**
 * What somebody may do beyond being somebody: read where it is stored, decided in `decideAccess` alone.
 *
 * Three places know what a user's role permits: this process, Redis for all edges (5 min), Postgres. Each value names
 * the version it was read under; a change of anybody's role, or of what a role permits, makes a newer version, and what
 * is older than the newest one heard of counts as not there. So nothing has to be taken out of Redis, no race can put
 * back what was, and an edge without Redis reads Postgres.
 */
import { decideAccess, type Grants, type Permission, type Principal } from "@rookery/auth";
import type { Entries } from "@rookery/cache";
import { Fault, type UserId } from "@rookery/protocol";
import { openGather } from "@rookery/runtime";
import { type GrantsOfUsers, readGrants, type Store } from "@rookery/store";

/** Users known here; beyond it the oldest is forgotten. */
const knownMax = 10_000;
/** Of a process' own knowledge, after which it looks again. */
const knownMs = 30_000;
/** Users looked up in one query. */
const portion = 5_000;
/** Of those who come in one moment. */
const togetherMax = 500;

/** As it lies in Redis. */
export interface StoredGrants {
  readonly version: number;
  readonly role: Grants["role"];
  readonly permissions: readonly string[];
}

export interface Access {
  /** What the user's role gives them; null when there is no such user. */
  grantsOf(userId: UserId): Promise<Grants | null>;
  /** Of many users at once, past every cache. */
  grantsOfAll(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, Grants>>;
  may(principal: Principal, permission: string): Promise<boolean>;
  /** @throws Fault `forbidden` naming what is missing, `unauthorized` when the account is gone. */
  demand(principal: Principal, permission: Permission): Promise<void>;
  /** There is a newer version. @returns whether that was news. */
  learn(version: number): boolean;
}

interface Known {
  readonly version: number;
  readonly atMs: number;
  readonly grants: Grants;
}

export function openAccess(parts: {
  readonly store: Store;
  readonly entries: Entries<StoredGrants>;
  readonly now: () => number;
}): Access {
  const { store, entries, now } = parts;
  const known = new Map<UserId, Known>();
  /** As read last, by role: its users share one set (720 bytes each otherwise, `npm run load -- sockets`). */
  const byRole = new Map<Grants["role"], { readonly version: number; readonly grants: Grants }>();
  let newest = 0;

  const learn = (version: number): boolean => {
    if (version <= newest) return false;
    newest = version;
    return true;
  };

  const shareGrants = ({ version, role, permissions }: StoredGrants): Grants => {
    const last = byRole.get(role);
    if (last?.version === version) return last.grants;
    const grants = { role, permissions: new Set(permissions) };
    if (version >= (last?.version ?? 0)) byRole.set(role, { version, grants });
    return grants;
  };

  const remember = (userId: UserId, stored: StoredGrants): Grants => {
    const { version } = stored;
    const grants = shareGrants(stored);
    known.delete(userId);
    known.set(userId, { version, atMs: now(), grants });
    const [oldest] = known.keys();
    if (known.size > knownMax && oldest !== undefined) known.delete(oldest);
    return grants;
  };

  /** By Redis, and of those it does not know by Postgres: one question to each, however many ask. */
  const lookUp = async (userIds: readonly UserId[]): Promise<(Grants | null)[]> => {
    const found = new Map<UserId, Grants>();
    const shared = await entries.read(userIds.map(String));
    for (const [index, userId] of userIds.entries()) {
      const stored = shared[index];
      if (stored !== undefined && stored.version >= newest) found.set(userId, remember(userId, stored));
    }
    const missing = [...new Set(userIds)].filter((userId) => !found.has(userId));
    if (missing.length > 0) {
      const read = await readGrants(store, missing);
      learn(read.version);
      const kept = missing.flatMap((userId) => {
        const stored = storedOf(read, userId);
        return stored === null ? [] : [[userId, stored] as const];
      });
      for (const [userId, stored] of kept) found.set(userId, remember(userId, stored));
      if (kept.length > 0) void entries.write(kept.map(([userId, stored]) => [String(userId), stored]));
    }
    return userIds.map((userId) => found.get(userId) ?? null);
  };
  const find = openGather({ questionsMax: togetherMax, ask: lookUp });

  const grantsOf = async (userId: UserId): Promise<Grants | null> => {
    const here = known.get(userId);
    if (here !== undefined && here.version >= newest && now() - here.atMs < knownMs) return here.grants;
    return await find(userId);
  };

  const judge = async (principal: Principal, permission: string) => {
    const grants = await grantsOf(principal.userId);
    return grants === null ? "nobody" : decideAccess(principal, grants, permission);
  };

  return {
    grantsOf,
    async grantsOfAll(userIds) {
      const found = new Map<UserId, Grants>();
      for (let from = 0; from < userIds.length; from += portion) {
        const asked = userIds.slice(from, from + portion);
        const read = await readGrants(store, asked);
        learn(read.version);
        const sets = new Map([...read.permissions].map(([role, list]) => [role, new Set(list)]));
        for (const [userId, role] of read.roles) {
          found.set(userId, { role, permissions: sets.get(role) ?? new Set() });
        }
      }
      return found;
    },
    may: async (principal, permission) => (await judge(principal, permission)) === "allowed",
    async demand(principal, permission) {
      switch (await judge(principal, permission)) {
        case "allowed":
          return;
        case "beyond role":
          throw new Fault("forbidden", `this needs the permission ${permission}`);
        case "beyond scopes":
          throw new Fault("forbidden", `the API key lacks the scope ${permission}`);
        case "nobody":
          throw new Fault("unauthorized", "the account is gone");
      }
    },
    learn,
  };
}

function storedOf({ version, roles, permissions }: GrantsOfUsers, userId: UserId): StoredGrants | null {
  const role = roles.get(userId);
  return role === undefined ? null : { version, role, permissions: permissions.get(role) ?? [] };
}
