import type { Facts } from "@rookery/host";
import { type Queryable, readFactVersion } from "@rookery/store";

/** The facts of our actors, each part by a reader of its own. */
export async function readFacts(db: Queryable): Promise<Facts> {
  const version = await readFactVersion(db);
  return { version, value: {} };
}
