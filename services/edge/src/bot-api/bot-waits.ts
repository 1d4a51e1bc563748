/**
 * What this edge waits for on behalf of bots of our own: updates, which the owner of the bot's job shard hands over, and answers to
 * buttons that its sockets pressed. Both are one record each and no timer, so that thousands that wait cost little.
 */
import type { Bus } from "@rookery/bus";
import {
  type BotAsk,
  type BotPoll,
  type BotTold,
  type CallbackReply,
  encodeInternal,
  parseInternal,
  type PollConflict,
  type ShardId,
  shardOf,
  subjects,
  type UserId,
} from "@rookery/protocol";

/** How exactly waits end. */
const sweepMs = 50;
/** What has no answer is asked again; an owner that died is found by then. */
const againMs = 1_000;
/** A question that does not wait, and gets no answer by then, has none. */
const patienceMs = 10_000;
/** On this edge (L7). */
const pollsMax = 20_000;
const pressesMax = 50_000;
/** In one message. */
const pollsPerMessage = 500;

export type PollAnswer =
  /** A JSON array as text. */
  | { readonly kind: "updates"; readonly updates: string }
  | { readonly kind: "conflict"; readonly conflict: PollConflict }
  /** Nobody answered, or there are too many that wait. */
  | { readonly kind: "outage" | "overloaded" };

export interface Question {
  readonly botId: UserId;
  /** Empty: the bot itself. */
  readonly consumer: string;
  readonly offset: number;
  readonly limit: number;
  readonly timeoutMs: number;
}

/** Told what became of a press. */
export type Heard = (reply: CallbackReply | null) => void;

export interface BotWaits {
  /** `settle` is told once, at the latest when the time is over. @returns what ends the wait untold. */
  ask(question: Question, settle: (answer: PollAnswer) => void): () => void;
  /** The bot has another webhook: whoever waits for it, or posts to it, has to know. */
  changed(botId: UserId): void;
  /** `settle` is told of the answer, as all who wait for it, or null when the time is over. False: too many wait. */
  press(queryId: number, timeoutMs: number, settle: Heard): boolean;
  /** That one waits for it no more. */
  unpress(queryId: number, settle: Heard): void;
  /** To the edge where somebody waits for it. */
  tell(edge: string, reply: CallbackReply): void;
  readonly waiting: number;
  close(): void;
}

interface Wait {
  readonly shard: ShardId;
  readonly poll: BotPoll;
  readonly untilMs: number;
  readonly settle: (answer: PollAnswer) => void;
  askedMs: number;
  again: boolean;
}

export function openBotWaits(parts: {
  readonly bus: Pick<Bus, "publish" | "subscribe">;
  readonly edge: string;
  readonly shards: number;
}): BotWaits {
  const { bus, edge } = parts;
  const waits = new Map<number, Wait>();
  /** Who waits for the answer to a press, and until when: a press that is repeated has several. */
  const presses = new Map<number, Map<Heard, number>>();
  let pressing = 0;
  const unsaid: Wait[] = [];
  let count = 0;
  let saying: NodeJS.Immediate | undefined;

  const say = (wait: Wait): void => {
    unsaid.push(wait);
    saying ??= setImmediate(() => {
      saying = undefined;
      const byShard = new Map<ShardId, BotPoll[]>();
      for (const { shard, poll, again } of unsaid.splice(0)) {
        const polls = byShard.get(shard) ?? [];
        byShard.set(shard, polls);
        polls.push({ ...poll, again });
      }
      for (const [shard, polls] of byShard) {
        for (let at = 0; at < polls.length; at += pollsPerMessage) {
          const ask: BotAsk = { edge, polls: polls.slice(at, at + pollsPerMessage) };
          bus.publish(subjects.botAsk(shard), encodeInternal(ask));
        }
      }
    });
  };

  const sayAgain = (wait: Wait): void => {
    wait.askedMs = performance.now();
    wait.again = true;
    say(wait);
  };

  /** Under way while somebody waits. */
  let sweeping: NodeJS.Timeout | undefined;
  const sweepSoon = (): void => {
    sweeping ??= setTimeout(sweep, sweepMs);
  };

  const unpress = (queryId: number, settle: Heard): void => {
    const hearers = presses.get(queryId);
    if (hearers?.delete(settle) !== true) return;
    pressing -= 1;
    if (hearers.size === 0) presses.delete(queryId);
  };

  const sweep = (): void => {
    sweeping = undefined;
    const nowMs = performance.now();
    for (const [id, wait] of waits) {
      if (nowMs >= wait.untilMs) {
        waits.delete(id);
        wait.settle(wait.poll.waits ? { kind: "updates", updates: "[]" } : { kind: "outage" });
      } else if (nowMs - wait.askedMs >= againMs) sayAgain(wait);
    }
    for (const [queryId, hearers] of presses) {
      for (const [settle, untilMs] of hearers) {
        if (nowMs < untilMs) continue;
        unpress(queryId, settle);
        settle(null);
      }
    }
    if (waits.size + presses.size > 0) sweepSoon();
  };

  const hear = ({ polled = [], callbacks = [] }: BotTold): void => {
    for (const answer of polled) {
      const wait = waits.get(answer.id);
      if (wait === undefined) continue;
      waits.delete(answer.id);
      wait.settle(
        "updates" in answer
          ? { kind: "updates", updates: answer.updates }
          : { kind: "conflict", conflict: answer.conflict },
      );
    }
    for (const reply of callbacks) {
      for (const settle of presses.get(reply.queryId)?.keys() ?? []) {
        unpress(reply.queryId, settle);
        settle(reply);
      }
    }
  };

  const listening = [
    bus.subscribe(subjects.botTold(edge), ({ bytes }) => hear(parseInternal<BotTold>(bytes))),
    // A new owner knows of nobody that waits.
    bus.subscribe(subjects.botOwner, () => {
      for (const wait of waits.values()) sayAgain(wait);
    }),
  ];

  return {
    ask({ botId, consumer, offset, limit, timeoutMs }, settle) {
      if (waits.size >= pollsMax) {
        settle({ kind: "overloaded" });
        return () => {};
      }
      const id = ++count;
      const nowMs = performance.now();
      const poll = {
        id,
        botId,
        consumer,
        offset,
        limit,
        waits: timeoutMs > 0,
        startedMs: Date.now(),
        again: false,
      };
      const wait: Wait = {
        shard: shardOf("bot", botId, parts.shards),
        poll,
        untilMs: nowMs + (timeoutMs > 0 ? timeoutMs : patienceMs),
        settle,
        askedMs: nowMs,
        again: false,
      };
      waits.set(id, wait);
      sweepSoon();
      say(wait);
      return () => void waits.delete(id);
    },
    changed(botId) {
      const ask: BotAsk = { edge, polls: [], changed: [botId] };
      bus.publish(subjects.botAsk(shardOf("bot", botId, parts.shards)), encodeInternal(ask));
    },
    press(queryId, timeoutMs, settle) {
      if (pressing >= pressesMax) return false;
      const hearers = presses.get(queryId) ?? new Map<Heard, number>();
      presses.set(queryId, hearers);
      if (!hearers.has(settle)) pressing += 1;
      hearers.set(settle, performance.now() + timeoutMs);
      sweepSoon();
      return true;
    },
    unpress,
    tell(whose, reply) {
      const told: BotTold = { callbacks: [reply] };
      bus.publish(subjects.botTold(whose), encodeInternal(told));
    },
    get waiting() {
      return waits.size;
    },
    close() {
      clearTimeout(sweeping);
      clearImmediate(saying);
      for (const each of listening) each.close();
      for (const wait of waits.values()) wait.settle({ kind: "outage" });
      waits.clear();
    },
  };
}
