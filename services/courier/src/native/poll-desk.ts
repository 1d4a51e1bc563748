/**
 * Numbers what there is for bots of our own, and answers whoever asks for it.
 *
 *   chat's commit ──row, and word of it──▶ numbered ──▶ read for those who wait ──▶ their edge
 *   edge ──question──▶ confirmed what it has ──▶ read ──▶ its edge, or it waits
 *
 * The rows are the state (L10); memory is who waits, which edges say again (`bot-poll.ts`). One round at a time, for all bots
 * together: what came in the millisecond before it, so bursts are gathered and nothing is decided twice.
 */
import type { Bus, Subscription } from "@rookery/bus";
import {
  type BotAsk,
  type BotPolled,
  type BotTold,
  encodeInternal,
  parseInternal,
  type PollConflict,
  type ShardId,
  shardOf,
  subjects,
  type UserId,
} from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  confirmUpdates,
  numberUpdates,
  readUpdates,
  type Store,
  unnumberedBots,
  type UpdatesAsked,
} from "@rookery/store";
import { nativeUpdate, peopleOfUpdate } from "@rookery/telegram";
import type { JobShards } from "../job-shards.ts";
import { openParking, type ParkedPoll } from "./parking.ts";
import type { ShownFiles } from "./shown-files.ts";
import type { ShownPeople } from "./shown-people.ts";

const lookMs = 2_000;
/** Bursts are gathered. */
const gatherMs = 1;
const retryMs = 200;
/** Of one bot in one round. */
const numberedMax = 1_000;
/** Questions in one round; the others wait for the next (L7). */
const roundMax = 500;
/** Questions that wait here; their edges ask again (L7). */
const parkedMax = 100_000;
/** Of one answer, in characters; a bus message has a megabyte. */
const answerMax = 200_000;
/** An edge that has not said for so long that somebody waits has nobody waiting. */
const silenceMs = 5_000;

export interface PollDesk {
  /** Of questions that wait. */
  readonly parked: number;
  close(): Promise<void>;
}

export function startPollDesk(parts: {
  readonly bus: Pick<Bus, "subscribe" | "publish">;
  readonly store: Store;
  readonly jobShards: JobShards;
  readonly people: ShownPeople;
  readonly files: ShownFiles;
  readonly shards: number;
  readonly log: Log;
  /** Bots that have something new; `isMoved`: or another webhook. */
  readonly stirred: (botIds: ReadonlySet<UserId>, isMoved: boolean) => void;
}): PollDesk {
  const { bus, store, log } = parts;
  const parking = openParking();
  const asks = new Map<ShardId, Subscription>();
  /** Bots that may have something without a number, or of which something is to be said anew. */
  const dirty = new Set<UserId>();
  const changed = new Set<UserId>();
  const fresh: ParkedPoll[] = [];
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> | null = null;
  let closed = false;

  const shardOfBot = (botId: UserId): ShardId => shardOf("bot", botId, parts.shards);
  const isOurs = (botId: UserId): boolean => shards.holds(shardOfBot(botId));

  const wake = (afterMs = gatherMs): void => {
    if (closed || round !== null || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      let restMs = gatherMs;
      round = serve()
        .catch((error: unknown) => {
          restMs = retryMs;
          log.warn({ err: String(error) }, "updates of native bots could not be handed over yet");
        })
        .finally(() => {
          round = null;
          if (dirty.size > 0 || changed.size > 0 || fresh.length > 0) wake(restMs);
        });
    }, afterMs);
  };

  const serve = async (): Promise<void> => {
    const bots = [...dirty].filter(isOurs);
    const moved = [...changed].filter(isOurs);
    const polls = fresh.splice(0, roundMax);
    dirty.clear();
    changed.clear();
    try {
      await serveRound(bots, moved, polls);
    } catch (error) {
      for (const botId of bots) dirty.add(botId);
      for (const botId of moved) changed.add(botId);
      for (const poll of polls) parking.leave(poll);
      fresh.unshift(...polls);
      throw error;
    }
  };

  const serveRound = async (
    bots: readonly UserId[],
    moved: readonly UserId[],
    polls: readonly ParkedPoll[],
  ): Promise<void> => {
    const nowMs = Date.now();
    const mailbox = openMailbox(bus);
    const seated = polls.filter((poll) => isOurs(poll.botId) && seat(poll, mailbox));
    const stirred = new Set(moved);
    if (bots.length > 0) {
      const inShards = bots.map((botId) => ({ botId, shard: shardOfBot(botId) }));
      const numbered = await numberUpdates(store, fencesOf(bots), inShards, numberedMax);
      for (const botId of numbered.botIds) stirred.add(botId);
      for (const botId of numbered.more) dirty.add(botId);
    }
    if (seated.length > 0) {
      const asked = seated.map(askedBy);
      await confirmUpdates(store, fencesOf(seated.map(({ botId }) => botId)), asked, nowMs);
    }
    const waiting = [...stirred].flatMap((botId) => parking.of(botId));
    const served = [...new Set([...seated, ...waiting])];
    const newcomers = new Set(seated);
    for (let at = 0; at < served.length; at += roundMax) {
      await answer(served.slice(at, at + roundMax), newcomers, mailbox);
    }
    mailbox.send();
    if (stirred.size > 0) parts.stirred(stirred, moved.length > 0);
  };

  /** @returns whether it is to be served. */
  const seat = (poll: ParkedPoll, mailbox: Mailbox): boolean => {
    const arrival = parking.arrive(poll);
    if (arrival.kind === "refused") mailbox.refuse(poll, "other");
    if (arrival.kind !== "seated") return false;
    if (arrival.gone !== null) mailbox.refuse(arrival.gone, "other");
    return true;
  };

  const answer = async (
    polls: readonly ParkedPoll[],
    newcomers: ReadonlySet<ParkedPoll>,
    mailbox: Mailbox,
  ): Promise<void> => {
    const read = await readUpdates(store, polls.map(askedBy), Date.now());
    const people = await parts.people.read(
      read.flatMap(({ updates }) => updates.flatMap((update) => peopleOfUpdate(update))),
    );
    const namesFor = await parts.files.read(read.flatMap(({ updates }) => updates));
    for (const { at, hasWebhook, updates } of read) {
      const poll = polls[at];
      if (poll === undefined) continue;
      if (hasWebhook && poll.consumer === "") {
        mailbox.refuse(poll, newcomers.has(poll) ? "webhook" : "webhookSet");
      } else if (updates.length > 0 || !poll.waits) {
        const nameOf = namesFor(poll.botId);
        mailbox.answer(
          poll,
          cut(updates.map((update) => JSON.stringify(nativeUpdate(update, people, nameOf)))),
        );
      } else continue;
      parking.leave(poll);
    }
  };

  const fencesOf = (botIds: readonly UserId[]) => shards.fencesOf(botIds.map(shardOfBot));

  const hear = ({ edge, polls, changed: others = [] }: BotAsk): void => {
    const heardMs = Date.now();
    for (const poll of polls) {
      if (parking.size + fresh.length < parkedMax) fresh.push({ ...poll, edge, heardMs });
    }
    for (const botId of others) changed.add(botId);
    wake();
  };

  /** Questions are heard for the shards we hold; what has no number gets one; who is gone is forgotten. */
  const look = async (): Promise<void> => {
    let came = false;
    for (let shard = 0; shard < parts.shards; shard += 1) {
      if (!shards.holds(shard)) {
        asks.get(shard)?.close();
        asks.delete(shard);
      } else if (!asks.has(shard)) {
        const listen = bus.subscribe(subjects.botAsk(shard), ({ bytes }) =>
          hear(parseInternal<BotAsk>(bytes)),
        );
        asks.set(shard, listen);
        came = true;
      }
    }
    if (came) bus.publish(subjects.botOwner, encodeInternal({}));
    parking.sweep(Date.now() - silenceMs, isOurs);
    if (!shards.some) return;
    for (const botId of await unnumberedBots(store)) if (isOurs(botId)) dirty.add(botId);
    if (dirty.size > 0) wake();
  };

  const shards = parts.jobShards.join<"botUpdate">({
    of: "updates of native bots",
    hears: {
      kind: "botUpdate",
      hear(jobs) {
        for (const { botId } of jobs) dirty.add(botId);
        wake();
      },
    },
    lookMs,
    look,
    async drain(shard) {
      asks.get(shard)?.close();
      asks.delete(shard);
      await round;
    },
  });

  return {
    get parked() {
      return parking.size;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await shards.close();
      await round;
      for (const ask of asks.values()) ask.close();
    },
  };

  function askedBy({ botId, consumer, offset, limit }: ParkedPoll): UpdatesAsked {
    return { botId, shard: shardOfBot(botId), consumer, offset, limit };
  }
}

/** As many as fit, one at least; the others are asked for next. */
function cut(updates: readonly string[]): string {
  let length = 0;
  let count = 0;
  for (const update of updates) {
    length += update.length + 1;
    if (count > 0 && length > answerMax) break;
    count += 1;
  }
  return `[${updates.slice(0, count).join(",")}]`;
}

interface Mailbox {
  answer(poll: ParkedPoll, updates: string): void;
  refuse(poll: ParkedPoll, conflict: PollConflict): void;
  send(): void;
}

/** Answers of one round, few messages an edge. */
function openMailbox(bus: Pick<Bus, "publish">): Mailbox {
  const edges = new Map<string, { polled: BotPolled[]; length: number }>();
  const flush = (edge: string, polled: readonly BotPolled[]): void => {
    if (polled.length === 0) return;
    const told: BotTold = { polled };
    bus.publish(subjects.botTold(edge), encodeInternal(told));
  };
  const put = (edge: string, polled: BotPolled, length: number): void => {
    let box = edges.get(edge);
    if (box !== undefined && box.length + length > answerMax) {
      flush(edge, box.polled);
      box = undefined;
    }
    if (box === undefined) edges.set(edge, (box = { polled: [], length: 0 }));
    box.polled.push(polled);
    box.length += length;
  };
  return {
    answer: ({ edge, id }, updates) => put(edge, { id, updates }, updates.length),
    refuse: ({ edge, id }, conflict) => put(edge, { id, conflict }, 0),
    send() {
      for (const [edge, { polled }] of edges) flush(edge, polled);
    },
  };
}
