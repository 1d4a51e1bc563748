/**
 * People for a cluster of our own. Registering costs 0.2 s of a core each, for the password; so their rows are written
 * and their tokens signed with the cluster's key, as the edge would have done. Chats are made by REST, as people do.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openTokens } from "@rookery/auth";
import { readPrivateUrls } from "@rookery/local";
import { openLog } from "@rookery/runtime";
import { openStore, type Store } from "@rookery/store";
import { eachOf, type User } from "./client.ts";

/** Longer than any run. */
const tokenMs = 6 * 3_600_000;
const signsMax = 64;

/** The database of a cluster that `startCluster` made. `end()` it. */
export async function openClusterStore(dataDir: string): Promise<Store> {
  const { databaseUrl } = await readPrivateUrls(dataDir);
  if (databaseUrl === undefined) throw new Error("the cluster has no private Postgres");
  const log = openLog("load", { LOG_LEVEL: "warn" });
  return openStore({ url: databaseUrl, name: "load", connectionsMax: 2, queryMsMax: 60_000, log });
}

/** Adds `count` people, each with a login and its access token. */
export async function addPeople(store: Store, dataDir: string, count: number): Promise<User[]> {
  const { rows } = await store.query<{ user_id: number; session_id: number }>(
    `with person as (
       insert into users (display_name, created_ms)
       select 'load ' || n, $2 from generate_series(1, $1) n
       returning id
     )
     insert into session (user_id, created_ms, refreshed_ms, expires_ms)
     select id, $2, $2, $3 from person
     returning user_id, id as session_id`,
    [count, Date.now(), Date.now() + tokenMs],
  );
  const privateKeyPem = await readFile(join(dataDir, "jwt-key.pem"), "utf8");
  const tokens = await openTokens({ privateKeyPem, lifeMs: tokenMs });
  return await eachOf(rows, signsMax, async ({ user_id: id, session_id: sessionId }) => {
    const { token } = await tokens.sign({ userId: id, sessionId, roles: ["member"] }, Date.now());
    return { id, token };
  });
}
