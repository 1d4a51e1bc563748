import { readPrivateUrls } from "@rookery/local";
import pg from "pg";

/** Asks the private Postgres of a cluster: what no door shows, or what a crash would have left. @returns the rows. */
export async function askClusterDatabase(
  { dataDir }: { readonly dataDir: string },
  statement: string,
  values: readonly unknown[] = [],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { databaseUrl } = await readPrivateUrls(dataDir);
  if (databaseUrl === undefined) throw new Error("the cluster has no private Postgres");
  const connection = new pg.Client({ connectionString: databaseUrl, application_name: "rookery test kit" });
  await connection.connect();
  try {
    return (await connection.query(statement, [...values])).rows;
  } finally {
    await connection.end();
  }
}
