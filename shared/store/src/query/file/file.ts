/** Files: whose they are and what they hold, which lies elsewhere by its digest. */
import { randomBytes } from "node:crypto";
import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { type Reader, readingRule } from "../chat/acl.ts";

const rule = readingRule("$1", "$2");

export interface FileRow {
  readonly id: string;
  /** SHA-256. */
  readonly digest: Buffer;
  readonly size: number;
  readonly mime: string;
  readonly name: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly ownerId: UserId;
  readonly createdMs: number;
}

const columns = `f.id, f.digest, f.size, f.mime, f.name, f.width, f.height, f.owner_id as "ownerId",
  f.created_ms as "createdMs"`;

/** False: there is one of that id already. */
export async function insertFile(db: Queryable, file: FileRow): Promise<boolean> {
  const { id, digest, size, mime, name, width, height, ownerId, createdMs } = file;
  const { rowCount } = await db.query(
    `insert into file (id, digest, size, mime, name, width, height, owner_id, created_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
    [id, digest, size, mime, name, width, height, ownerId, createdMs],
  );
  return rowCount === 1;
}

/** Of these files, those that are there. */
export async function readFiles(
  db: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, FileRow>> {
  const { rows } = await db.query<FileRow>({
    name: "read files",
    text: `select ${columns} from file f where f.id = any($1::text[])`,
    values: [ids],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

export interface Sides {
  readonly width: number;
  readonly height: number;
}

/** Of these files, those whose sides are known. */
export async function readFileSides(
  db: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Sides>> {
  const { rows } = await db.query<Sides & { readonly id: string }>({
    name: "read file sides",
    text: "select id, width, height from file where id = any($1::text[]) and width is not null and height is not null",
    values: [ids],
  });
  return new Map(rows.map(({ id, ...sides }) => [id, sides]));
}

/** Bytes of all files somebody has brought since a time. */
export async function countFileBytes(db: Queryable, ownerId: UserId, sinceMs: number): Promise<number> {
  const { rows } = await db.query<{ bytes: number }>(
    "select coalesce(sum(size), 0)::bigint as bytes from file where owner_id = $1 and created_ms >= $2",
    [ownerId, sinceMs],
  );
  return rows[0]?.bytes ?? 0;
}

/** Whether a living message with the file stands in a chat that somebody may read, or the file is the chat's picture. */
export async function mayReadFile(
  db: Queryable,
  fileId: string,
  { userId, keyId }: Reader,
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: "may read file",
    // The places of the file first, by their index: a file stands in few chats, a reader in many.
    text: `with place as materialized (select distinct chat_id from message
             where detail ? 'attachments' and detail -> 'attachments' @> $3::jsonb and deleted_at is null
             union select chat_id from chat_setting where kind = 'about' and value #>> '{photo,fileId}' = $4)
           select from place p
             join chat c on c.id = p.chat_id and c.deleted_ms is null
             left join member m on m.chat_id = c.id and m.user_id = $1 and m.left_ms is null
             ${rule.joins}
           where ${rule.mayRead} limit 1`,
    values: [userId, keyId, JSON.stringify([{ fileId }]), fileId],
  });
  return rowCount !== 0;
}

/** Signs the names bots have for files; made once for the cluster. */
export async function readFileSecret(db: Queryable): Promise<string> {
  const made = randomBytes(32).toString("base64url");
  await db.query("insert into file_secret (secret) values ($1) on conflict do nothing", [made]);
  const { rows } = await db.query<{ secret: string }>("select secret from file_secret");
  const [row] = rows;
  if (row === undefined) throw new Error("the secret of files is gone");
  return row.secret;
}
