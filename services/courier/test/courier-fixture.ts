/** Real rows, and couriers that own every job shard of them; the wakes come from the test. */
import { openSecretBox, parseMasterKey } from "@rookery/auth";
import { openTestDatabase } from "@rookery/kit";
import { encodeInternal, type Job, shardOf } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import {
  botSecretOwner,
  claimShards,
  ensureCluster,
  inTransaction,
  insertBot,
  insertUser,
  openStore,
} from "@rookery/store";
import { type JobShards, openJobShards } from "../src/job-shards.ts";

const shards = 4;

/** What a courier has of its shards. */
export interface OwnedShards {
  readonly jobShards: JobShards;
  /** Shard → epoch. */
  readonly held: Map<number, number>;
  /** Word of jobs, as the chat's commit sends it. */
  readonly wake: (...jobs: readonly Job[]) => void;
}

export async function openCourierFixture(name: string) {
  const database = await openTestDatabase();
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const store = openStore({ url: database.url, name, connectionsMax: 6, log });
  const secrets = openSecretBox(parseMasterKey(Buffer.alloc(32, 3)));
  await ensureCluster(store, { shards, hashVersion: 1 });
  let bots = 0;

  const insertPerson = (username: string, isBot: boolean) => {
    const person = { username, email: null, displayName: username, passwordHash: null, isBot };
    return insertUser(store, { ...person, role: "member", createdMs: 1 });
  };
  const owner = await insertPerson("owner", false);

  return {
    store,
    secrets,
    log,
    shards,
    /** A bot of its own for a test, so that tests do not meet: `bot<count>`, its token `<count>:token`. */
    async makeBot(): Promise<{ readonly id: number; readonly count: number }> {
      const count = ++bots;
      const username = `bot${count}`;
      const { id } = await insertPerson(username, true);
      await inTransaction(store, (db) =>
        insertBot(db, {
          id,
          ownerId: owner.id,
          username,
          mode: "webhook",
          token: secrets.sealSecret(`${count}:token`, botSecretOwner.token(id)),
          secret: secrets.sealSecret("secret", botSecretOwner.webhook(id)),
          secretDigest: Buffer.alloc(32),
          requestUuid: null,
          createdMs: 1,
        }),
      );
      return { id, count };
    },
    /** Claims every job shard: whoever had them is deposed. */
    async own(): Promise<OwnedShards> {
      const { rows } = await store.query<{ id: number; epoch: number }>(
        "select id, epoch from shard where kind = 'job'",
      );
      const claimed = await claimShards(store, "job", rows, `courier ${Math.random()}`);
      const held = new Map(claimed.map(({ id, epoch }) => [id, epoch]));
      const listeners = new Map<string, (bytes: Uint8Array) => void>();
      const jobShards = openJobShards({
        bus: {
          subscribe(subject, hear) {
            listeners.set(subject, (bytes) => hear({ subject, bytes, respond: () => {} }));
            return { close: () => listeners.delete(subject) };
          },
        },
        ownership: { held },
        log,
      });
      for (const shard of held.keys()) jobShards.claimed(shard);
      return {
        jobShards,
        held,
        wake(...jobs) {
          for (const job of jobs) {
            const subject = `job.${shardOf(job.owner.kind, job.owner.id, shards)}`;
            listeners.get(subject)?.(encodeInternal({ jobs: [job] }));
          }
        },
      };
    },
    async close(): Promise<void> {
      await store.end();
      await database.close();
    },
  };
}
