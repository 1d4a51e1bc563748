/** Everybody who talks to the cluster during a run, and what they write down. */
import { join } from "node:path";
import { mkdir } from "node:fs/promises";
import { openRandom, type Random } from "@rookery/kit";
import type { Rig } from "../cluster/rig.ts";
import { openAuditor } from "../client/auditor.ts";
import { type Lane, type Operation, operations } from "../client/operation.ts";
import { makePopulation, type Population, type PopulationShape } from "../client/population.ts";
import { Reader } from "../client/reader.ts";
import { type Ack, Sender } from "../client/sender.ts";
import type {
  AuditEntry,
  FaultEntry,
  InviteEntry,
  Journals,
  ReadEntry,
  SendEntry,
} from "../journal/entry.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import { readHeads, readMarks, type StoredMark } from "../journal/truth.ts";
import { pause } from "../pause.ts";
export interface TrafficShape extends PopulationShape {
  /** Readers of each person: their devices. */
  readonly devices: number;
  readonly senders: number;
  /** Commands of one sender under way at once. */
  readonly lanesPerSender: number;
  /** Of all senders together; fewer when answers are late. */
  readonly commandsPerSecond: number;
}

export interface TrafficOptions {
  readonly rig: Rig;
  readonly shape: TrafficShape;
  readonly seed: number;
  readonly runDir: string;
  readonly tell: (line: string) => void;
  readonly operations?: readonly Operation[];
  /** Where clients go; the rig's edges if not given. */
  readonly edges?: readonly string[];
}

export interface TrafficCounts {
  readonly sent: number;
  readonly acked: number;
  readonly unanswered: number;
  /** The farthest a reader is behind what has been acked, in messages. */
  readonly lag: number;
  readonly looks: number;
}

export interface Traffic {
  readonly population: Population;
  readonly readers: readonly Reader[];
  readonly counts: TrafficCounts;
  readonly faults: Journal<FaultEntry>;
  readonly journals: Journals;
  /** The highest seq that was acked, by chat, as of now. */
  heads(): ReadonlyMap<number, number>;
  /** So many times as many commands a second from now on. */
  setPace(factor: number): void;
  /** Resolves at the next ack, or after so long. */
  nextAck(withinMs: number): Promise<boolean>;
  /** Nothing new is sent; resolves when everything has been answered, or after so long. */
  stopSending(withinMs: number): Promise<void>;
  /** Resolves when every reader stands at the heads, or after so long. */
  awaitReaders(withinMs: number): Promise<boolean>;
  close(): Promise<void>;
}

const pollMs = 100;
const warmMsMax = 30_000;

/** Registers people, opens readers, and lets senders send. @throws when the cluster cannot be talked to. */
export async function startTraffic(options: TrafficOptions): Promise<Traffic> {
  const { rig, shape, runDir } = options;
  const edges = options.edges ?? rig.edgeUrls;
  const random = openRandom(options.seed ^ 0x7aff_1c00);
  const folder = join(runDir, "journal");
  await mkdir(folder, { recursive: true });
  const population = await makePopulation(edges, shape, random, options.tell);
  const sends = openJournal<SendEntry>(folder, "sender");
  const invites = openJournal<InviteEntry>(folder, "invite");
  const audits = openJournal<AuditEntry>(folder, "audit");
  const faults = openJournal<FaultEntry>(folder, "nemesis");
  const auditor = openAuditor(rig.store, audits);
  const acked = new Set<string>();
  /** The highest acked of each chat. */
  const heads = new Map<number, number>();
  const ackWaiters = new Set<() => void>();
  const abandon = new AbortController();
  let sent = 0;
  let sending = true;
  let pace = 1;

  const onAck = (ack: Ack, isChange: boolean): void => {
    if (isChange) {
      auditor.look({ ...ack, isChange });
      return;
    }
    acked.add(ack.uuid);
    heads.set(ack.chatId, Math.max(heads.get(ack.chatId) ?? 0, ack.seq));
    for (const wake of ackWaiters) wake();
    auditor.look(ack);
  };
  const countSends: Pick<Journal<SendEntry>, "add"> = {
    add(entry) {
      if (entry.kind === "send") sent += 1;
      sends.add(entry);
    },
  };

  const { readers, journals: readerJournals } = openReaders({
    population,
    edges,
    devices: shape.devices,
    random,
    folder,
    onMessage: (message) => auditor.look(message),
  });
  const senders = Array.from({ length: shape.senders }, (_, index) => {
    const person = population.people[index % population.people.length];
    if (person === undefined) throw new Error("a sender needs a person");
    return new Sender({ name: `sender-${index}`, person, edges, journal: countSends, onAck }, index);
  });

  const lagOf = (): number => {
    let lag = 0;
    for (const reader of readers) {
      for (const [chatId, seq] of heads) {
        const place = reader.placeOf(chatId);
        if (place !== undefined) lag = Math.max(lag, seq - place.seq);
      }
    }
    return lag;
  };

  const warmUntilMs = performance.now() + warmMsMax;
  while (!readers.every((reader) => reader.isCurrent) && performance.now() < warmUntilMs) await pause(pollMs);

  const gapMs = (1_000 * shape.senders * shape.lanesPerSender) / shape.commandsPerSecond;
  const choices = options.operations ?? operations;
  const runLane = async (lane: Lane): Promise<void> => {
    await pause(lane.random.next() * gapMs);
    while (sending) {
      const dueMs = performance.now() + (gapMs / pace) * (0.5 + lane.random.next());
      await lane.random.weigh(choices).run(lane);
      await pause(Math.max(1, dueMs - performance.now()), abandon.signal);
    }
  };
  const lanes = senders.flatMap((sender) => {
    const history: Lane["history"] = [];
    return Array.from({ length: shape.lanesPerSender }, () => {
      const seeded = openRandom(random.integer(0, 0x7fff_ffff));
      return runLane({ sender, random: seeded, population, edges, invites, history, signal: abandon.signal });
    });
  });
  const allLanes = Promise.all(lanes);

  return {
    population,
    readers,
    faults,
    get counts() {
      return {
        sent,
        acked: acked.size,
        unanswered: sent - acked.size,
        lag: lagOf(),
        looks: auditor.looks,
      };
    },
    get journals() {
      return {
        sends: sends.entries,
        invites: invites.entries,
        audits: audits.entries,
        faults: faults.entries,
        readers: readers.map((reader, index) => ({
          name: reader.name,
          userId: reader.person.userId,
          entries: readerJournals[index]?.entries ?? [],
        })),
      };
    },
    heads: () => new Map(heads),
    setPace(factor) {
      pace = factor;
    },
    async nextAck(withinMs) {
      return await new Promise((resolve) => {
        const done = (came: boolean): void => {
          clearTimeout(timer);
          ackWaiters.delete(wake);
          resolve(came);
        };
        const wake = (): void => done(true);
        const timer = setTimeout(() => done(false), withinMs);
        ackWaiters.add(wake);
      });
    },
    async stopSending(withinMs) {
      sending = false;
      await Promise.race([allLanes, pause(withinMs, abandon.signal)]);
      abandon.abort();
      for (const sender of senders) sender.close();
      await allLanes;
    },
    async awaitReaders(withinMs) {
      const untilMs = performance.now() + withinMs;
      for (;;) {
        const [heads, marks] = [await readHeads(rig.store), await readMarks(rig.store)];
        if (isCaughtUp(readers, population, heads) && haveMarks(readers, marks)) return true;
        if (performance.now() > untilMs) return false;
        await pause(pollMs);
      }
    },
    async close() {
      sending = false;
      abandon.abort();
      for (const sender of senders) sender.close();
      await allLanes;
      await Promise.all(readers.map((reader) => reader.close()));
      await auditor.close();
      await Promise.all([sends, invites, audits, faults, ...readerJournals].map((each) => each.close()));
    },
  };
}

function openReaders(parts: {
  readonly population: Population;
  readonly edges: readonly string[];
  readonly devices: number;
  readonly random: Random;
  readonly folder: string;
  readonly onMessage: NonNullable<ConstructorParameters<typeof Reader>[0]["onMessage"]>;
}): { readonly readers: Reader[]; readonly journals: Journal<ReadEntry>[] } {
  const { population, edges, random } = parts;
  const journals: Journal<ReadEntry>[] = [];
  const readers = population.people.flatMap((person, index) =>
    Array.from({ length: parts.devices }, (_, device) => {
      const name = `reader-${index}.${device}`;
      const journal = openJournal<ReadEntry>(parts.folder, name);
      journals.push(journal);
      const mine = population.rooms.filter((room) => room.members.includes(person));
      return new Reader(
        {
          name,
          person,
          edges,
          random: openRandom(random.integer(0, 0x7fff_ffff)),
          journal,
          places: new Map(mine.map((room) => [room.chatId, { seq: 0, rev: 0 }])),
          onMessage: parts.onMessage,
        },
        (index + device) % edges.length,
      );
    }),
  );
  return { readers, journals };
}

/** Every reader has heard of the receipts of the chats it knows. */
function haveMarks(readers: readonly Reader[], marks: readonly StoredMark[]): boolean {
  return readers.every((reader) =>
    marks.every(({ chatId, userId, readSeq }) => {
      return reader.placeOf(chatId) === undefined || reader.readOf(chatId, userId) >= readSeq;
    }),
  );
}

function isCaughtUp(
  readers: readonly Reader[],
  { rooms }: Population,
  heads: Awaited<ReturnType<typeof readHeads>>,
): boolean {
  const places = new Map(heads.map((head) => [head.id, head]));
  return readers.every((reader) =>
    rooms.every(({ chatId, members }) => {
      if (!members.includes(reader.person)) return true;
      const head = places.get(chatId);
      const place = reader.placeOf(chatId);
      if (head === undefined) return true;
      return place !== undefined && place.seq >= head.headSeq && place.rev >= head.rev;
    }),
  );
}
