import type { Principal } from "./principal.ts";

/**
 * What may be permitted: `resource:action`. A role gives permissions to its users, a scope lets a key use one of its
 * user's. Names that are not here may be given too; they mean something to the services that ask `/v1/auth/check`.
 */
export const permissions = [
  "chats:read",
  "chats:write",
  "messages:read",
  "messages:write",
  "users:read",
  "users:write",
  "bots:read",
  "bots:manage",
  "webhooks:manage",
  "keys:manage",
  /** Other people's tokens and keys: what they are, and what they may do. */
  "auth:introspect",
  /** Chats one is not in: who may do what there. */
  "chats:administer",
  /** What concerns everybody: everything heard, every endpoint, every bot. */
  "cluster:read",
  "cluster:manage",
] as const;
export type Permission = (typeof permissions)[number];

export const roles = ["member", "operator", "service", "admin"] as const;
export type Role = (typeof roles)[number];

/** What a user's role gives them. */
export interface Grants {
  readonly role: Role;
  readonly permissions: ReadonlySet<string>;
}

const scopePattern = /^(\*|admin|[a-z][a-z0-9_-]{0,31}:([a-z][a-z0-9_-]{0,31}|\*))$/;

/** Why a text cannot be a scope, or undefined when it can. */
export function scopeRefusal(text: string): string | undefined {
  return scopePattern.test(text) ? undefined : "must be resource:action, resource:* or admin";
}

/** Whether scopes cover a permission: by its name, by `resource:*`, or as `admin` and `*` do, all there are. */
export function scopesCover(scopes: readonly string[], permission: string): boolean {
  const wide = permission.replace(/:.*/, ":*");
  return scopes.some((scope) => scope === permission || scope === wide || scope === "admin" || scope === "*");
}

/** The one place that decides: the user's role must give it, and a key's scopes must cover it. Pure. */
export function decideAccess(
  { scopes }: Pick<Principal, "scopes">,
  grants: Grants,
  permission: string,
): "allowed" | "beyond role" | "beyond scopes" {
  if (!scopesCover([...grants.permissions], permission)) return "beyond role";
  return scopes === null || scopesCover(scopes, permission) ? "allowed" : "beyond scopes";
}
