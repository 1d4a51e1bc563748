/** Whole hosts on real NATS and Postgres, and one edge that asks, watches and remembers what it is told. */
import { after } from "node:test";
import { type Bus, type LogStream, openBus, startLiveness } from "@rookery/bus";
import { openTestDatabase, ownNatsUrl, until } from "@rookery/kit";
import {
  type ActorKey,
  type ActorRef,
  commandLogName,
  type EdgeBatch,
  encodeInternal,
  type InterestReply,
  type InterestUpdate,
  type LoggedCommand,
  parseActorKey,
  parseInternal,
  type Reply,
  type ShardId,
  shardOf,
  type ShardRelease,
  subjects,
} from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { endStore, ensureCluster, openStore, type Store } from "@rookery/store";
import { type Host, startHost } from "../src/mod.ts";
import { type Gate, openGate } from "./gate.ts";
import { lineDefinitions, readWord, wordTable } from "./line.ts";

export const shards = 8;
const edge = "edge-0";
const withinMs = 20_000;

export interface Player {
  readonly host: Host;
  /** Between it and NATS. */
  readonly gate: Gate;
  /** Between it and Postgres. */
  readonly postgres: Gate;
  /** Drains and gives everything back. */
  close(): Promise<void>;
}

export interface Told extends ShardRelease {
  readonly worker: string;
}

export interface Theatre {
  readonly store: Store;
  readonly bus: Bus;
  /** Everything the edge was told, in order. */
  readonly told: readonly Told[];
  /** @param logAgain awaited before it opens the log anew, other than at its start */
  start(id: string, logAgain?: () => Promise<void>): Promise<Player>;
  /** Those that were started and not closed. */
  players(): readonly Player[];
  /** Appends commands to the log of a chat's shard, in one message. @returns their refs. */
  ask(chatId: number, ...commands: { readonly uuid: string; readonly body?: string }[]): Promise<number[]>;
  replies(refs: readonly number[]): Promise<Reply[]>;
  /** Every reply to a ref, with the epoch it came under. */
  answersTo(ref: number): readonly Reply[];
  /** Says the whole of what the edge watches on the shard of these actors, until that is confirmed. */
  watch(...keys: ActorKey[]): Promise<InterestReply>;
}

export function shardOfActor({ kind, id }: ActorRef): ShardId {
  return shardOf(kind, id, shards);
}

export async function openTheatre(): Promise<Theatre> {
  const [database, url] = [await openTestDatabase(), await ownNatsUrl()];
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const store = openStore({ url: database.url, name: "test", connectionsMax: 3, log });
  await ensureCluster(store, { shards, hashVersion: 1 });
  await store.query(wordTable);
  const bus = await openBus({ url, name: edge, log });
  const liveness = startLiveness(bus, { role: "edge", id: edge });
  const players = new Set<Player>();
  const told: Told[] = [];
  const answers = new Map<number, Reply[]>();
  bus.subscribe(subjects.edge(edge), ({ bytes }) => {
    const batch = parseInternal<EdgeBatch>(bytes);
    for (const release of batch.shards) {
      told.push({ ...release, worker: batch.worker });
      for (const [ref, reply] of release.replies) {
        const known = answers.get(ref);
        if (known === undefined) answers.set(ref, [reply]);
        else known.push(reply);
      }
    }
  });
  after(async () => {
    for (const { gate, postgres } of players) {
      gate.open();
      postgres.open();
    }
    await Promise.all([...players].map((player) => player.close()));
    liveness.close();
    await bus.close();
    await store.end();
    await database.close();
  });

  let refs = 0;
  let version = 0;
  const openCommandLog = (by: Bus): Promise<LogStream> =>
    by.ensureLog({
      name: commandLogName,
      subjects: [subjects.allCommands],
      bytesMax: 64 * 1024 * 1024,
      replicas: 1,
    });

  return {
    store,
    bus,
    told,
    players: () => [...players],
    async start(id, logAgain) {
      const gate = await openGate(url);
      const postgres = await openGate(database.url);
      const own = openStore({ url: postgres.url, name: id, connectionsMax: 4, log });
      const ownBus = await openBus({ url: gate.url, name: id, log });
      let opened = 0;
      const host = await startHost({
        bus: ownBus,
        store: own,
        async openLog() {
          opened += 1;
          if (opened > 1) await logAgain?.();
          return await openCommandLog(ownBus);
        },
        definitions: lineDefinitions,
        readFacts: readWord,
        shards,
        id,
        log,
        observe: () => {},
      });
      const player: Player = {
        host,
        gate,
        postgres,
        async close() {
          players.delete(player);
          await host.close();
          await ownBus.close();
          await endStore(own);
          await Promise.all([gate.close(), postgres.close()]);
        },
      };
      players.add(player);
      await host.settled;
      return player;
    },
    async ask(chatId, ...asked) {
      const actor = { kind: "chat", id: chatId } as const;
      const commands = asked.map(({ uuid, body = uuid }): LoggedCommand => {
        const command = { kind: "send", messageKind: "text", body } as const;
        return { actor, senderId: 1, uuid, source: "ws", command, ref: (refs += 1) };
      });
      const bytes = encodeInternal({ edge, commands });
      await bus.append(subjects.commands(shardOfActor(actor)), bytes, { msgId: `${edge}.${refs}` });
      return commands.map(({ ref }) => ref ?? 0);
    },
    replies: (asked) =>
      until(
        () => {
          const found = asked.flatMap((ref) => answers.get(ref)?.slice(0, 1) ?? []);
          return found.length === asked.length ? found : null;
        },
        { withinMs, what: `replies to ${asked.join()}` },
      ) as Promise<Reply[]>,
    answersTo: (ref) => answers.get(ref) ?? [],
    watch: (...keys) =>
      until(
        async () => {
          const [first] = keys;
          if (first === undefined) throw new Error("watch what?");
          version += 1;
          const update: InterestUpdate = { edge, version, whole: true, add: keys, remove: [] };
          const subject = subjects.interest(shardOfActor(parseActorKey(first)));
          const reply = await bus.request(subject, encodeInternal(update), { timeoutMs: 500 });
          return parseInternal<InterestReply>(reply);
        },
        { withinMs },
      ),
  };
}
