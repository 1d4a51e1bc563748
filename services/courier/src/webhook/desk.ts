import type { SecretBox } from "@rookery/auth";
import { Endpoint, type EndpointDelivery, type EndpointPolicy } from "@rookery/endpoint";
import type { ShardId, WebhookType } from "@rookery/protocol";
import {
  type CalledEndpoint,
  type EndpointSecretRow,
  webhookSecretOwner,
  type OpenDelivery,
} from "@rookery/store";
import { type RetrySetting, readSigningKey, scheduleOf, type SigningKey } from "@rookery/webhook";
import { type Clock, steadyOf } from "./clock.ts";

/** Attempts at once, of an endpoint that says nothing of it. */
const concurrencyDefault = 10;
/** Deliveries done lately: what was read before they were is not believed. */
const rememberedMax = 20_000;

/** A delivery in memory. Times are steady. */
export interface HeldDelivery extends EndpointDelivery {
  readonly type: WebhookType;
  /** All attempts that are written; `attempts` are those that the schedule counts. */
  total: number;
  /** Null: to be read before it goes. */
  payload: string | null;
}

interface Key {
  readonly key: SigningKey;
  readonly expiresMs: number | null;
}

/** An endpoint of ours that has something to be delivered. */
export class Desk {
  readonly called: CalledEndpoint;
  readonly shard: ShardId;
  readonly endpoint: Endpoint<HeldDelivery>;
  /** Ends its calls. */
  readonly abort = new AbortController();
  /** Calls under way. */
  readonly flights = new Set<Promise<void>>();
  /** There may be more in the rows than is here. */
  hasMore = true;
  loading: Promise<void> | null = null;
  /** Chats of which there is more in the rows than in their lines. */
  readonly unread = new Set<number | null>();
  /** Takes nothing more: what is under way ends, then it is made anew from the rows. */
  isRetired = false;
  readonly #keys: readonly Key[];
  readonly #clock: Clock;
  readonly #done = new Map<string, number>();
  #doneCount = 0;

  constructor(
    parts: {
      readonly called: CalledEndpoint;
      readonly shard: ShardId;
      readonly secrets: SecretBox;
      readonly disableMs: number;
      readonly clock: Clock;
    },
    past: { readonly secrets: readonly EndpointSecretRow[]; readonly failingSinceMs: number | null },
  ) {
    const { called, clock } = parts;
    this.called = called;
    this.shard = parts.shard;
    this.#clock = clock;
    const { failingSinceMs: sinceMs } = past;
    this.endpoint = new Endpoint(policyOf(called), {
      failingSinceMs: sinceMs === null ? null : steadyOf(clock, sinceMs),
      disableMs: parts.disableMs,
    });
    this.#keys = past.secrets.map(({ expiresMs, keyId, box }) => ({
      key: readSigningKey(parts.secrets.openSecret({ keyId, box }, webhookSecretOwner(called.id))),
      expiresMs,
    }));
  }

  /** What it signs with now. */
  keys(): SigningKey[] {
    const nowMs = this.#clock.wallMs();
    return this.#keys.flatMap(({ key, expiresMs }) => (expiresMs === null || expiresMs > nowMs ? [key] : []));
  }

  /** The longest step of its schedule. */
  get stepMsMax(): number {
    return Math.max(...scheduleOf(policyOf(this.called).retry).waitsMs);
  }

  /** Before rows are read: to be given to `addRows` with them. */
  get mark(): number {
    return this.#doneCount;
  }

  /** @param spreadMs what is overdue is spread over so long, so that a takeover is no stampede */
  addRows(rows: readonly OpenDelivery[], mark: number, spreadMs: number): void {
    for (const { tries, attempts: total, nextMs, id, chatId, place, type } of rows) {
      if ((this.#done.get(id) ?? 0) > mark) continue;
      const dueMs = this.#dueMs(tries, nextMs);
      const nowMs = this.#clock.steadyMs();
      const delivery = { id, chatId, place, type, attempts: tries, total, payload: null };
      const late = dueMs > nowMs ? dueMs : nowMs + Math.random() * spreadMs;
      this.endpoint.add({ ...delivery, nextMs: late }, nowMs);
    }
  }

  /** One of which word came with its body. */
  addHeard(
    heard: { readonly id: string; readonly payload: string } & Pick<
      HeldDelivery,
      "chatId" | "place" | "type"
    >,
  ): void {
    if (this.#done.has(heard.id)) return;
    const nowMs = this.#clock.steadyMs();
    const { id, payload, chatId, place, type } = heard;
    this.endpoint.add({ id, payload, chatId, place, type, attempts: 0, total: 0, nextMs: nowMs }, nowMs);
  }

  /** Not here any more. */
  forget(id: string): void {
    this.#doneCount += 1;
    this.#done.delete(id);
    this.#done.set(id, this.#doneCount);
    if (this.#done.size <= rememberedMax) return;
    for (const oldest of this.#done.keys()) {
      this.#done.delete(oldest);
      break;
    }
  }

  /** The first attempt is due at once, whatever clock wrote it; no other later than twice what its schedule says. */
  #dueMs(tries: number, nextMs: number): number {
    const nowMs = this.#clock.steadyMs();
    if (tries === 0) return nowMs;
    const stepMs = scheduleOf(policyOf(this.called).retry).waitsMs[tries] ?? 0;
    return Math.min(steadyOf(this.#clock, nextMs), nowMs + 2 * stepMs);
  }
}

function policyOf({ fifo, rateLimit, concurrency, retry }: CalledEndpoint): EndpointPolicy {
  return {
    fifo,
    rateLimit,
    concurrency: concurrency ?? concurrencyDefault,
    retry: retry as RetrySetting | null,
  };
}
