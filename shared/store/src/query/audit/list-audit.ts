import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { AuditEvent } from "./audit.ts";

/** An event as it is kept. */
export interface AuditRow extends Required<Omit<AuditEvent, "kind" | "detail">> {
  readonly id: number;
  readonly kind: string;
  readonly detail: AuditEvent["detail"] | null;
}

const columns = `id, at_ms as "atMs", kind, user_id as "userId", actor_id as "actorId", session_id as "sessionId",
  key_id as "keyId", address, request_id as "requestId", detail`;
const newest = `
  select ${columns} from audit
  where ($1::bigint is null or user_id = $1) and ($2::text is null or kind = $2)
  order by id desc limit $3`;
const following = `
  select ${columns} from audit
  where ($1::bigint is null or user_id = $1) and ($2::text is null or kind = $2) and id > $4
  order by id limit $3`;

export interface AuditFilter {
  readonly userId: UserId | null;
  readonly kind: string | null;
  readonly limit: number;
}

/** The newest events, the oldest of them first. */
export async function listAudit(db: Queryable, { userId, kind, limit }: AuditFilter): Promise<AuditRow[]> {
  const { rows } = await db.query<AuditRow>(newest, [userId, kind, limit]);
  return rows.toReversed();
}

/**
 * Events after `afterId`, in the order of their ids, which is nearly that of their commits: whoever follows looks back a
 * little and leaves out what it has seen.
 */
export async function followAudit(
  db: Queryable,
  { userId, kind, limit }: AuditFilter,
  afterId: number,
): Promise<AuditRow[]> {
  const { rows } = await db.query<AuditRow>(following, [userId, kind, limit, afterId]);
  return rows;
}
