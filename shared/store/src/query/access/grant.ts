import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { UserRole } from "../identity/user.ts";

/** What the roles of some users permit them. */
export interface GrantsOfUsers {
  /** What it was read under: a later one may say otherwise. */
  readonly version: number;
  readonly roles: ReadonlyMap<UserId, UserRole>;
  readonly permissions: ReadonlyMap<UserRole, readonly string[]>;
}

/** Users' roles and what they permit, of one moment. Who is not there, or disabled, is left out. */
export async function readGrants(db: Queryable, userIds: readonly UserId[]): Promise<GrantsOfUsers> {
  const { rows } = await db.query<{
    version: number;
    users: readonly [UserId, UserRole][];
    roles: readonly [UserRole, string[]][];
  }>({
    name: "read grants",
    text: `select (select version from access_version) as version,
             (select coalesce(jsonb_agg(jsonb_build_array(id, role)), '[]') from users
               where id = any($1::bigint[]) and disabled_ms is null) as users,
             (select coalesce(jsonb_agg(jsonb_build_array(role, granted)), '[]') from
               (select role, jsonb_agg(permission order by permission) as granted
                from role_permission group by role) g) as roles`,
    values: [userIds],
  });
  const [row] = rows;
  if (row === undefined) throw new Error("a select of one row returned none");
  return { version: row.version, roles: new Map(row.users), permissions: new Map(row.roles) };
}

/** What each role permits, for people to read. */
export async function listRoles(
  db: Queryable,
): Promise<{ readonly role: UserRole; readonly users: number; readonly permissions: readonly string[] }[]> {
  const { rows } = await db.query<{ role: UserRole; users: number; permissions: string[] }>({
    name: "list roles",
    text: `select r.role, (select count(*) from users where users.role = r.role and not is_bot) as users,
             array(select permission from role_permission p where p.role = r.role order by permission) as permissions
           from unnest(array['member', 'operator', 'service', 'admin']) as r(role)`,
  });
  return rows;
}

/** Gives a user a role in place of the one they have. @returns the version that says so; null when there is no such user. */
export async function setRole(db: Queryable, userId: UserId, role: UserRole): Promise<number | null> {
  const { rowCount } = await db.query({
    name: "set role",
    text: "update users set role = $2 where id = $1",
    values: [userId, role],
  });
  if (rowCount === 0) return null;
  const { rows } = await db.query<{ version: number }>("select version from access_version");
  return rows[0]?.version ?? null;
}

/** Changes what a role permits. @returns the version that says so; null when nothing had to be changed. */
export async function setPermissions(
  db: Queryable,
  role: UserRole,
  { grant, revoke }: { readonly grant: readonly string[]; readonly revoke: readonly string[] },
): Promise<number | null> {
  const granted = await db.query({
    name: "grant permissions",
    text: "insert into role_permission (role, permission) select $1, unnest($2::text[]) on conflict do nothing",
    values: [role, grant],
  });
  const revoked = await db.query({
    name: "revoke permissions",
    text: "delete from role_permission where role = $1 and permission = any($2::text[])",
    values: [role, revoke],
  });
  if ((granted.rowCount ?? 0) + (revoked.rowCount ?? 0) === 0) return null;
  const { rows } = await db.query<{ version: number }>("select version from access_version");
  return rows[0]?.version ?? null;
}
