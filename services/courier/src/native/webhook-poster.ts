/**
 * Posts updates to the webhooks of bots of our own, for the job shards we own.
 *
 *   numbered ──▶ its line ──its turn──▶ posted ──2xx──▶ what it answered is done ──▶ the bot has it, committed ──▶ the next
 *                             ▲             │
 *                             └── again ◀───┘  at once, after 2, 4, 8 s …, or when the bot says
 *
 * The rows are the state (L10): a courier killed at any instruction posts again what was not committed, at least once and in
 * the order of each line.
 */
import { STATUS_CODES } from "node:http";
import type { SecretBox } from "@rookery/auth";
import { type ShardId, shardOf, type UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  type BotTaken,
  botSecretOwner,
  noteWebhookError,
  type PostedBot,
  postedBots,
  queuedUpdates,
  type Store,
  type StoredUpdate,
  takeUpdates,
} from "@rookery/store";
import { nativeUpdate, peopleOfUpdate } from "@rookery/telegram";
import type { JobShards } from "../job-shards.ts";
import { type HttpPost, OutboundError } from "../outbound/http-post.ts";
import { patienceMsMax, type Post, PostQueue, repostDelayMs } from "./post-queue.ts";
import type { ShownFiles } from "./shown-files.ts";
import type { ShownPeople } from "./shown-people.ts";

const lookMs = 2_000;
const retryMs = 200;
/** Read at once. */
const pageMax = 200;
/** Posts under way, of all bots (L7); of one bot never more than are free for the others. */
const underWayMaxDefault = 512;
/** A bot has so long for its answer. */
const answerMs = 60_000;
/** A stop, or a shard that goes, waits so long for posts under way: what is given up is posted again by the next owner. */
const landingMs = 2_000;
/** The same words are written again so often. */
const errorEveryMs = 60_000;
/** Of the text of an error that a bot is told. */
const wordsMax = 256;

/** What a bot's answer asks to be done (`method` in its body). Resolves when it is done or will never be; rejects on `signal`. */
export type RunAnswer = (
  botId: UserId,
  answer: {
    readonly key: string;
    readonly type: string;
    readonly body: Buffer;
    readonly signal: AbortSignal;
  },
) => Promise<void>;

interface Poster {
  readonly bot: PostedBot;
  readonly shard: ShardId;
  readonly secret: string | null;
  readonly queue: PostQueue;
  /** Gives up what is under way. */
  readonly stop: AbortController;
  /** All up to here is in lines. */
  readTo: number;
  /** There may be something after it. */
  hungry: boolean;
  told: { readonly words: string; readonly atMs: number } | null;
}

export interface WebhookPoster {
  /** Bots that have something new; `isMoved`: or another webhook. */
  stir(botIds: ReadonlySet<UserId>, isMoved: boolean): void;
  close(): Promise<void>;
}

export function startWebhookPoster(parts: {
  readonly store: Store;
  readonly jobShards: JobShards;
  readonly people: ShownPeople;
  readonly files: ShownFiles;
  readonly http: Pick<HttpPost, "post">;
  readonly secrets: SecretBox;
  readonly run: RunAnswer;
  readonly shards: number;
  readonly log: Log;
  /** For tests. */
  readonly underWayMax?: number;
  readonly linesMax?: number;
}): WebhookPoster {
  const { store, log, underWayMax = underWayMaxDefault } = parts;
  const posters = new Map<UserId, Poster>();
  const flights = new Map<Promise<void>, Poster>();
  const taken: { readonly poster: Poster; readonly post: Post }[] = [];
  let underWay = 0;
  let taking: Promise<void> | null = null;
  let pumping: Promise<void> | null = null;
  let pumpAgain = false;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const look = async (): Promise<void> => {
    const listed = await postedBots(store);
    const living = new Set<UserId>();
    for (const bot of listed) {
      const shard = shardOf("bot", bot.botId, parts.shards);
      if (!shards.holds(shard)) continue;
      living.add(bot.botId);
      const known = posters.get(bot.botId);
      if (known?.bot.version === bot.version) {
        known.hungry = true;
        continue;
      }
      const secret =
        bot.secret === null ? null : parts.secrets.openSecret(bot.secret, botSecretOwner.webhook(bot.botId));
      const queue = new PostQueue(parts.linesMax);
      const fresh = { queue, stop: new AbortController(), readTo: 0, hungry: true, told: null };
      posters.set(bot.botId, { bot, shard, secret, ...fresh });
    }
    for (const botId of posters.keys()) if (!living.has(botId)) posters.delete(botId);
    pump();
  };

  const isCurrent = (poster: Poster): boolean =>
    posters.get(poster.bot.botId) === poster && shards.holds(poster.shard);

  const pump = (): void => {
    if (closed) return;
    clearTimeout(timer);
    pumpAgain = pumping !== null;
    if (pumpAgain) return;
    pumping = pumpOnce()
      .catch((error: unknown) => {
        log.warn({ err: String(error) }, "updates to be posted could not be read yet");
        return retryMs;
      })
      .then((restMs) => {
        pumping = null;
        if (pumpAgain) pump();
        else if (!closed && restMs !== null) timer = setTimeout(pump, restMs);
      });
  };

  /** @returns how long nothing can be done; null: until something comes. */
  const pumpOnce = async (): Promise<number | null> => {
    let nextMs: number | null = null;
    for (const poster of posters.values()) {
      if (!isCurrent(poster)) continue;
      await feed(poster);
      // Its shard may have gone meanwhile.
      if (!isCurrent(poster)) continue;
      for (const post of poster.queue.take(Date.now(), roomOf(poster))) launch(poster, post);
      const dueMs = poster.queue.nextMs();
      if (dueMs !== null && dueMs > Date.now() && (nextMs === null || dueMs < nextMs)) nextMs = dueMs;
    }
    return nextMs === null ? null : Math.max(1, Math.min(nextMs - Date.now(), lookMs));
  };

  /** Bots whose posts hang have the fewer the more of them there are, and never all: whoever has nothing under way may post. */
  const roomOf = ({ bot, queue }: Poster): number => {
    const share = Math.ceil((underWayMax - underWay - queue.underWay) / 2);
    return Math.max(0, Math.min(bot.maxConnections - queue.underWay, share));
  };

  const feed = async (poster: Poster): Promise<void> => {
    const { bot, queue } = poster;
    // First: as long as lines are full of what was left out of them, there is no room for others.
    for (const { queue: name } of queue.starved()) {
      const page = { after: 0, queue: name, limit: pageMax };
      const updates = await queuedUpdates(store, bot.botId, page, Date.now());
      queue.filled(name, false);
      for (const post of await postsOf(bot.botId, updates)) queue.add(post);
      if (updates.length === pageMax) queue.filled(name, true);
    }
    while (poster.hungry) {
      poster.hungry = false;
      const page = { after: poster.readTo, queue: null, limit: pageMax };
      const updates = await queuedUpdates(store, bot.botId, page, Date.now());
      for (const post of await postsOf(bot.botId, updates)) {
        // No room for another line: from here on it is read when there is.
        if (!queue.add(post)) {
          poster.hungry = true;
          return;
        }
        poster.readTo = post.updateId;
      }
      poster.hungry ||= updates.length === pageMax;
    }
  };

  const postsOf = async (botId: UserId, updates: readonly StoredUpdate[]): Promise<Post[]> => {
    const people = await parts.people.read(updates.flatMap((update) => peopleOfUpdate(update)));
    const nameOf = (await parts.files.read(updates))(botId);
    return updates.map((update) => {
      const { updateId, queue, expiresMs } = update;
      return {
        updateId,
        queue,
        expiresMs,
        body: JSON.stringify(nativeUpdate(update, people, nameOf)),
        attempts: 0,
      };
    });
  };

  const launch = (poster: Poster, post: Post): void => {
    underWay += 1;
    const flight = deliver(poster, post)
      .catch((error: unknown) => {
        log.error({ err: error, botId: poster.bot.botId }, "a post to a bot met a bug");
        failed(poster, post, "internal", null);
      })
      .finally(() => {
        underWay -= 1;
        flights.delete(flight);
        pump();
      });
    flights.set(flight, poster);
  };

  const deliver = async (poster: Poster, post: Post): Promise<void> => {
    const { bot, secret } = poster;
    const { signal } = poster.stop;
    post.attempts += 1;
    let answer: Awaited<ReturnType<HttpPost["post"]>>;
    try {
      answer = await parts.http.post(bot.url, {
        headers: {
          "content-type": "application/json",
          ...(secret === null ? {} : { "x-telegram-bot-api-secret-token": secret }),
        },
        body: post.body,
        timeoutMs: answerMs,
        signal,
        ...(bot.ip === null ? {} : { address: bot.ip }),
      });
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      return failed(poster, post, error.message, null);
    }
    const { status, retryAfter, type, bytes } = answer;
    if (status < 200 || status > 299) {
      const words = `Wrong response from the webhook: ${status} ${STATUS_CODES[status] ?? ""}`.trim();
      return failed(poster, post, words, retryAfter);
    }
    if (bytes.byteLength > 0) {
      try {
        await parts.run(bot.botId, { key: `webhook-${post.updateId}`, type, body: bytes, signal });
      } catch (error) {
        if (signal.aborted) return poster.queue.again(post, Date.now());
        throw error;
      }
    }
    taken.push({ poster, post });
    await take();
  };

  /** What bots have is committed together; until then nothing of its line goes on. */
  const take = async (): Promise<void> => {
    if (taking !== null) await taking;
    // Another who waited as well commits it with theirs.
    if (taken.length === 0) return void (await taking);
    const batch = taken.splice(0);
    taking = commit(batch).finally(() => {
      taking = null;
    });
    await taking;
  };

  const commit = async (
    batch: readonly { readonly poster: Poster; readonly post: Post }[],
  ): Promise<void> => {
    const rows: BotTaken[] = batch.map(({ poster, post }) => ({
      botId: poster.bot.botId,
      shard: poster.shard,
      updateId: post.updateId,
    }));
    for (;;) {
      try {
        const fences = shards.fencesOf(rows.map(({ shard }) => shard));
        const held = await takeUpdates(store, fences, rows, Date.now());
        for (const { poster } of batch) if (!held.has(poster.shard)) leave(poster);
        break;
      } catch (error) {
        log.warn({ err: String(error) }, "that bots have their updates could not be written yet");
        if (closed || !batch.some(({ poster }) => isCurrent(poster))) break;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
    for (const { poster, post } of batch) poster.queue.done(post);
  };

  /** Another owner posts for it; nothing of ours goes on. */
  const leave = (poster: Poster): void => {
    if (posters.get(poster.bot.botId) === poster) posters.delete(poster.bot.botId);
  };

  const failed = (poster: Poster, post: Post, words: string, retryAfter: string | null): void => {
    const nowMs = Date.now();
    const asked = Number(retryAfter ?? Number.NaN) * 1_000;
    const waitMs = Number.isFinite(asked) && asked > 0 ? Math.min(asked, patienceMsMax) : 0;
    poster.queue.again(post, nowMs + Math.max(waitMs, repostDelayMs(post.attempts, Math.random())));
    if (!isCurrent(poster)) return;
    if (poster.told?.words === words && nowMs - poster.told.atMs < errorEveryMs) return;
    poster.told = { words, atMs: nowMs };
    const place = { botId: poster.bot.botId, shard: poster.shard };
    const error = { message: words.slice(0, wordsMax), atMs: nowMs };
    noteWebhookError(store, shards.fencesOf([poster.shard]), place, error).catch((cause: unknown) => {
      log.warn({ err: String(cause) }, "what is wrong with a bot's webhook could not be written");
    });
  };

  const shards = parts.jobShards.join({
    of: "updates to be posted",
    lookMs,
    look,
    async drain(shard) {
      for (const [botId, poster] of posters) if (poster.shard === shard) posters.delete(botId);
      await land(shard);
    },
  });

  /** Until nothing of the shard is under way, or nothing at all. */
  const land = async (shard?: ShardId): Promise<void> => {
    const its = [...flights].filter(([, poster]) => shard === undefined || poster.shard === shard);
    const patience = setTimeout(() => {
      for (const [, { stop }] of its) stop.abort();
    }, landingMs);
    await Promise.all(its.map(([flight]) => flight));
    clearTimeout(patience);
  };

  return {
    stir(botIds, isMoved) {
      if (isMoved) shards.look();
      for (const botId of botIds) {
        const poster = posters.get(botId);
        if (poster !== undefined) poster.hungry = true;
      }
      pump();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await shards.close();
      await pumping;
      await land();
    },
  };
}
