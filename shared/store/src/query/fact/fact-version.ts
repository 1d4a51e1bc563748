import type { Queryable } from "../../pool.ts";

/**
 * The number of the last change of what actors decide by. What is read after it is at least as new; if it is newer, the
 * commit that was decided with this number is refused.
 */
export async function readFactVersion(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ version: number }>({
    name: "read fact version",
    text: "select version from fact_version",
  });
  const [row] = rows;
  if (row === undefined) throw new Error("the table of the fact version is empty");
  return row.version;
}
