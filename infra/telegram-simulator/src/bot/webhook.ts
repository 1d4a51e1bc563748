import type { DeliveryFault } from "../fault/fault-plan.ts";
import type { Bot, WebhookSetting } from "../world/bot.ts";
import type { Update } from "./update-queue.ts";
import { openWebhookPost, type PostAnswer } from "./webhook-post.ts";
import { type Attempts, nextAttempt, noAttempts } from "./webhook-retry.ts";

/** One post of an update, as a test may want to count them. */
export interface Delivery {
  readonly atMs: number;
  readonly botId: number;
  readonly updateId: number;
  readonly type: string;
  readonly line: string;
  /** 0 when there was no answer. */
  readonly status: number;
  readonly reason: "turn" | "duplicate" | "resend";
}

export interface WebhookOptions {
  readonly bot: Bot;
  readonly setting: WebhookSetting;
  readonly timeScale: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly faultsOf: (update: Update) => readonly DeliveryFault[];
  /** A method in the body of a 2xx answer. */
  readonly onAnswer: (answer: PostAnswer) => Promise<void>;
  readonly onDelivery: (delivery: Delivery) => void;
}

/**
 * Posts a bot's updates to its webhook: one queue per line, only its head in flight, lines beside each other up to
 * `maxConnections`. An update leaves its queue by a 2xx, or when its life ends.
 *
 * ```
 *  line:  idle ─ update ─▶ ready ─ a connection is free ─▶ posting ─ 2xx ─▶ ready, or idle when it was the last
 *                            ▲                                │ else
 *                            └──────── wait, see nextAttempt ─┘
 * ```
 */
export interface Webhook {
  enter(update: Update): void;
  /** Posts it again, beside whatever is in flight. */
  resend(update: Update): void;
  /** What is in flight is given up: its updates stay, whatever the bot's server made of them. */
  close(): void;
}

interface Line {
  readonly name: string;
  readonly updates: Update[];
  attempts: Attempts;
}

const answerMsMax = 60_000;

export function openWebhook(options: WebhookOptions): Webhook {
  const { bot, setting, timeScale, now } = options;
  const lines = new Map<string, Line>();
  const ready: Line[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const stop = new AbortController();
  const server = openWebhookPost({ ...setting, answerMsMax: answerMsMax * timeScale });
  let inFlight = 0;

  function after(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, delayMs);
    timers.add(timer);
  }

  /** @returns the answer's status; 0 without one. */
  async function post(update: Update, reason: Delivery["reason"]): Promise<PostAnswer | null> {
    let answer: PostAnswer | null = null;
    try {
      answer = await server.post(Buffer.from(JSON.stringify(update.body)), stop.signal);
      if (!isSuccess(answer)) {
        fail(`Wrong response from the webhook: ${answer.status} ${answer.statusText}`);
      }
    } catch (error) {
      if (!stop.signal.aborted) fail(error instanceof Error ? error.message : String(error));
    }
    const { id: updateId, type, line } = update;
    if (!stop.signal.aborted) {
      options.onDelivery({
        atMs: now(),
        botId: bot.id,
        updateId,
        type,
        line,
        status: answer?.status ?? 0,
        reason,
      });
    }
    return answer;
  }

  function fail(message: string): void {
    bot.lastError = { atMs: now(), message };
  }

  /** The line's first update that is still wanted. */
  function headOf(line: Line): Update | undefined {
    for (;;) {
      const [head] = line.updates;
      if (head === undefined) return undefined;
      if (head.untilMs > now() && bot.updates.has(head.id)) return head;
      bot.updates.remove(head.id);
      line.updates.shift();
      line.attempts = noAttempts;
    }
  }

  async function serve(line: Line): Promise<void> {
    const update = headOf(line);
    if (update === undefined) return settle(line);
    const answer = await post(update, "turn");
    if (stop.signal.aborted) return;
    if (answer !== null && isSuccess(answer)) {
      bot.updates.remove(update.id);
      line.updates.shift();
      line.attempts = noAttempts;
      applyFaults(update);
      await options.onAnswer(answer);
      settle(line);
      return;
    }
    const { attempts, waitSeconds } = nextAttempt(
      line.attempts,
      answer?.retryAfterSeconds ?? 0,
      options.random,
    );
    line.attempts = attempts;
    if (waitSeconds === 0) settle(line);
    else after(waitSeconds * 1_000 * timeScale, () => settle(line));
  }

  function applyFaults(update: Update): void {
    for (const fault of options.faultsOf(update)) {
      if (fault.kind === "duplicate") void post(update, "duplicate");
      else after(fault.delayMs, () => void post(update, "resend"));
    }
  }

  function settle(line: Line): void {
    if (headOf(line) !== undefined) {
      ready.push(line);
      pump();
      return;
    }
    lines.delete(line.name);
  }

  function pump(): void {
    while (inFlight < setting.maxConnections && !stop.signal.aborted) {
      const line = ready.shift();
      if (line === undefined) return;
      inFlight++;
      void serve(line).finally(() => {
        inFlight--;
        pump();
      });
    }
  }

  return {
    enter(update) {
      const line = lines.get(update.line);
      if (line !== undefined) {
        line.updates.push(update);
        return;
      }
      const opened: Line = { name: update.line, updates: [update], attempts: noAttempts };
      lines.set(update.line, opened);
      ready.push(opened);
      pump();
    },
    resend: (update) => void post(update, "resend"),
    close() {
      stop.abort();
      for (const timer of timers) clearTimeout(timer);
      server.close();
    },
  };
}

function isSuccess({ status }: PostAnswer): boolean {
  return status >= 200 && status < 300;
}
