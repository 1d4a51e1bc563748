/**
 * Calls the endpoints of the job shards we own.
 *
 *   commit ──row, and word of it──▶ desk of its endpoint ──its turn──▶ POST ──▶ judged ──▶ written ──▶ gone, or due again
 *                                     ▲                                                      │
 *                                     └──────────── what is near is read from the rows ◀─────┘ somebody else's: made anew
 *
 * The rows are the state (L10), memory is what is near of them. A delivery is repeated until its answer is written under the epoch
 * of the endpoint's shard (L2): at least once, by one id. What was deposed writes nothing, and its desks are thrown away.
 */
import type { SecretBox } from "@rookery/auth";
import type { Bus } from "@rookery/bus";
import type { Answer } from "@rookery/endpoint";
import {
  encodeInternal,
  type JobBatch,
  messageOfDelivery,
  type ShardId,
  shardOf,
  subjects,
  type WebhookJob,
} from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  buryDeliveries,
  type CalledEndpoint,
  countOpenDeliveries,
  type DeliveryResult,
  type FinishedAttempts,
  listCalledEndpoints,
  openDeliveriesInOrder,
  openDeliveriesOf,
  readEndpointSecrets,
  readFailingSince,
  type Store,
} from "@rookery/store";
import { signWebhook, waitMsMax } from "@rookery/webhook";
import type { DepartureTrace } from "../departure-trace.ts";
import type { JobShards } from "../job-shards.ts";
import { type NotedAttempt, openAttemptWriter } from "./attempt-writer.ts";
import { type Clock, systemClock, wallOf } from "./clock.ts";
import { Desk, type HeldDelivery } from "./desk.ts";
import type { Posted, WebhookPost } from "./post.ts";
import { openRowReader, perChatMax } from "./row-reader.ts";
import { verdictOf } from "./verdict.ts";

const lookMs = 1_000;
/** Of one endpoint in memory, and of all: what is beyond is read when there is room (L7). */
const deskMax = 10_000;
const allMax = 200_000;
/** So many in memory may have their bodies with them; beyond it they are read when it is their turn. */
const bodiesMax = 10_000;
/** Calls at once. */
const inFlightMax = 1_024;
/** What is due later stays in its row. */
const nearMs = 60_000;
/** What a takeover finds overdue is spread over so long. */
const spreadMsDefault = 1_000;
/** The pump's shortest and longest sleep. */
const restMs = 5;
const idleMs = 250;
const retryMs = 500;
/** A stop, or a shard that goes, waits so long for calls under way. */
const landingMs = 2_000;
const buryMax = 5_000;

export interface CallerCounts {
  attempt(result: "success" | "failure"): void;
  pending(count: number, oldestMs: number): void;
}

export interface WebhookCaller {
  /** Looks at the rows now. */
  look(): void;
  close(): Promise<void>;
}

export function startWebhookCaller(parts: {
  readonly jobShards: JobShards;
  readonly bus: Pick<Bus, "subscribe" | "publish">;
  readonly store: Store;
  readonly http: Pick<WebhookPost, "post">;
  readonly secrets: SecretBox;
  readonly shards: number;
  readonly userAgent: string;
  /** So long nothing but failures, and an endpoint is disabled. */
  readonly disableMs: number;
  readonly counts: CallerCounts;
  readonly log: Log;
  /** For tests. */
  readonly clock?: Clock;
  readonly spreadMs?: number;
  /** None: nothing is traced. */
  readonly trace?: DepartureTrace | undefined;
}): WebhookCaller {
  const { store, log, clock = systemClock, spreadMs = spreadMsDefault } = parts;
  const known = new Map<number, CalledEndpoint>();
  const desks = new Map<number, Desk>();
  /** Those with something to take, perhaps. */
  const ready = new Set<Desk>();
  let [seenVersion, inFlight, closing] = [0, 0, false];
  /** Deliveries in memory, counted anew at every look. */
  let held = 0;
  let pumpTimer: NodeJS.Timeout | undefined;
  let isPumping = false;

  const shardOfEndpoint = (id: number): ShardId => shardOf("endpoint", id, parts.shards);
  const holds = (id: number): boolean => ours.holds(shardOfEndpoint(id));
  const horizon = (stepMsMax = waitMsMax) => ({
    nearMs: clock.wallMs() + nearMs,
    wrongMs: clock.wallMs() + 2 * stepMsMax,
  });

  /** What has changed of endpoints, and whether all that is near of theirs is in memory. */
  const look = async (): Promise<void> => {
    await renewEndpoints();
    held = [...desks.values()].reduce((sum, { endpoint }) => sum + endpoint.size, 0);
    const counts = (await countOpenDeliveries(store, horizon())).filter(({ endpointId }) =>
      holds(endpointId),
    );
    const oldestMs = Math.min(...counts.map(({ dueMs }) => dueMs), clock.wallMs());
    parts.counts.pending(
      counts.reduce((sum, { count }) => sum + count, 0),
      clock.wallMs() - oldestMs,
    );
    const closed = counts.filter(({ endpointId }) => known.get(endpointId)?.isOpen !== true);
    await openDesks(counts.flatMap(({ endpointId }) => known.get(endpointId) ?? []).filter(isWanted));
    for (const { endpointId, count, near } of counts) {
      const desk = desks.get(endpointId);
      if (desk === undefined) continue;
      desk.hasMore ||= (desk.called.fifo ? count : near) > desk.endpoint.size;
      if (!desk.hasMore) continue;
      if (desk.endpoint.size >= deskMax && isIdle(desk)) retire(desk);
      else await load(desk);
    }
    await bury(closed.map(({ endpointId }) => endpointId));
  };

  const isWanted = ({ id, isOpen }: CalledEndpoint): boolean => isOpen && holds(id) && !desks.has(id);

  const renewEndpoints = async (): Promise<void> => {
    for (const called of await listCalledEndpoints(store, seenVersion)) {
      seenVersion = Math.max(seenVersion, called.factVersion);
      known.set(called.id, called);
      const desk = desks.get(called.id);
      if (desk !== undefined && desk.called.factVersion !== called.factVersion) retire(desk);
    }
  };

  const openDesks = async (wanted: readonly CalledEndpoint[]): Promise<void> => {
    if (wanted.length === 0) return;
    const ids = wanted.map(({ id }) => id);
    const [all, failing] = await Promise.all([
      readEndpointSecrets(store, ids, clock.wallMs()),
      readFailingSince(store, ids),
    ]);
    for (const called of wanted) {
      if (!isWanted(called)) continue;
      const { secrets, disableMs } = parts;
      const shard = shardOfEndpoint(called.id);
      const past = {
        secrets: all.filter(({ endpointId }) => endpointId === called.id),
        failingSinceMs: failing.get(called.id) ?? null,
      };
      try {
        desks.set(called.id, new Desk({ called, shard, secrets, disableMs, clock }, past));
      } catch (error) {
        log.error({ err: String(error), endpointId: called.id }, "an endpoint's secrets cannot be opened");
      }
    }
  };

  const load = (desk: Desk): Promise<void> => {
    desk.loading ??= loadOnce(desk).finally(() => {
      desk.loading = null;
    });
    return desk.loading;
  };

  const loadOnce = async (desk: Desk): Promise<void> => {
    const { id, fifo } = desk.called;
    const limit = Math.min(deskMax, desk.endpoint.size + Math.max(0, allMax - held));
    const { mark } = desk;
    const rows = fifo
      ? await openDeliveriesInOrder(store, id, { perChat: perChatMax, limit })
      : await openDeliveriesOf(store, id, horizon(desk.stepMsMax), limit);
    held += rows.length;
    desk.addRows(rows, mark, spreadMs);
    desk.hasMore = rows.length >= limit || (fifo && hasFullChat(rows));
    stir(desk);
  };

  const hear = async (jobs: readonly WebhookJob[]): Promise<void> => {
    for (const job of jobs) {
      const called = known.get(job.endpointId);
      if (called === undefined) ours.look();
      if (called === undefined || !called.isOpen || !holds(called.id)) continue;
      const desk = desks.get(called.id) ?? (await openOnce(called));
      if (desk === undefined) continue;
      if (desk.isRetired || desk.endpoint.size >= deskMax || held >= allMax) desk.hasMore = true;
      else if (desk.called.fifo) reader.readLine(desk, job.chatId, job);
      else if (job.payload === null || held >= bodiesMax) reader.readRow(desk, job.id);
      else {
        const { id, payload, chatId, place, type } = job;
        held += 1;
        desk.addHeard({ id, payload, chatId, place, type });
        stir(desk);
      }
    }
  };

  /** For all who hear of an endpoint that had nothing until then. */
  const openings = new Map<number, Promise<Desk | undefined>>();
  const openOnce = (called: CalledEndpoint): Promise<Desk | undefined> => {
    const open = async (): Promise<Desk | undefined> => {
      await openDesks([called]);
      const desk = desks.get(called.id);
      if (desk !== undefined) await load(desk);
      return desk;
    };
    const opening = openings.get(called.id) ?? open().finally(() => openings.delete(called.id));
    openings.set(called.id, opening);
    return opening;
  };

  const isIdle = (desk: Desk): boolean =>
    desk.flights.size === 0 &&
    (desk.endpoint.nextMs(clock.steadyMs()) ?? Infinity) > clock.steadyMs() + lookMs;

  /** Takes nothing more; when its calls have ended, what is open of it is read again. */
  const retire = (desk: Desk): void => {
    if (!desk.isRetired) void land([desk]).then(ours.look);
  };

  const stir = (desk: Desk): void => {
    if (desk.isRetired || closing) return;
    ready.add(desk);
    pumpIn(0);
  };

  const pumpIn = (afterMs: number): void => {
    if (closing || (isPumping && afterMs === 0)) return;
    clearTimeout(pumpTimer);
    isPumping = afterMs === 0;
    if (afterMs === 0) setImmediate(pump);
    else pumpTimer = setTimeout(pump, afterMs);
  };

  const pump = (): void => {
    isPumping = false;
    if (closing) return;
    const nowMs = clock.steadyMs();
    const taken: { readonly desk: Desk; readonly delivery: HeldDelivery }[] = [];
    let sleepMs = idleMs;
    // Those put back meanwhile come next time.
    for (const desk of Array.from(ready)) {
      const room = inFlightMax - inFlight - taken.length;
      if (room <= 0) break;
      // Behind the others, next time.
      ready.delete(desk);
      for (const delivery of desk.endpoint.take(nowMs, room)) taken.push({ desk, delivery });
      const nextMs = desk.endpoint.nextMs(nowMs);
      if (nextMs === null) continue;
      ready.add(desk);
      sleepMs = Math.min(sleepMs, nextMs - nowMs);
    }
    for (const { desk, delivery } of taken) launch(desk, delivery);
    pumpIn(inFlight >= inFlightMax ? idleMs : Math.max(restMs, sleepMs));
  };

  const launch = (desk: Desk, delivery: HeldDelivery): void => {
    inFlight += 1;
    const flight = fly(desk, delivery)
      .catch((error: unknown) => {
        log.error({ err: String(error), deliveryId: delivery.id }, "a delivery met a bug");
        desk.endpoint.putBack(delivery, clock.steadyMs() + retryMs);
        retire(desk);
      })
      .finally(() => {
        inFlight -= 1;
        desk.flights.delete(flight);
        stir(desk);
      });
    desk.flights.add(flight);
  };

  const fly = async (desk: Desk, delivery: HeldDelivery): Promise<void> => {
    const { called } = desk;
    const putBack = (): void => desk.endpoint.putBack(delivery, clock.steadyMs() + retryMs);
    try {
      delivery.payload ??= (await reader.payloadOf(delivery.id)) ?? null;
    } catch (error) {
      log.warn({ err: String(error) }, "bodies of deliveries could not be read");
      return putBack();
    }
    const body = delivery.payload;
    if (desk.abort.signal.aborted) return putBack();
    const [startMs, atMs] = [clock.steadyMs(), clock.wallMs()];
    const posted =
      body === null
        ? { status: null, error: "its body is not kept any more", response: null }
        : await post(desk, delivery.id, body, atMs);
    if (posted === null) return putBack();
    const nowMs = clock.steadyMs();
    const answer: Answer =
      posted.status === null
        ? { kind: "silence" }
        : { kind: "answered", status: posted.status, retryAfter: posted.retryAfter };
    const judgement = desk.endpoint.judge(delivery, answer, nowMs, Math.random());
    const { status, error, response } = posted;
    const attempt = { atMs, latencyMs: Math.round(nowMs - startMs), status, error, response };
    const of = { endpointId: called.id, url: called.url, shard: desk.shard, delivery };
    const verdict = verdictOf(of, judgement, attempt, (ms) => wallOf(clock, ms));
    parts.counts.attempt(judgement.state === "delivered" ? "success" : "failure");
    log.debug({ deliveryId: delivery.id, endpointId: called.id, status, error }, "a delivery was tried");
    if (parts.trace !== undefined) traceAttempt(parts.trace, of, attempt);
    // What waits has no body in memory.
    delivery.payload = null;
    writer.add({ desk, delivery, dueMs: judgement.nextMs, ...verdict });
  };

  const post = (desk: Desk, id: string, body: string, atMs: number): Promise<Posted | null> => {
    const signed = signWebhook({ id, timestampS: Math.floor(atMs / 1_000), body }, desk.keys());
    const headers = { "content-type": "application/json", "user-agent": parts.userAgent, ...signed };
    const { url, timeoutMs } = desk.called;
    return parts.http.post(url, { headers, body, timeoutMs, signal: desk.abort.signal });
  };

  const written = (batch: readonly NotedAttempt[], { ids, told }: FinishedAttempts): void => {
    for (const { desk, delivery, result, dueMs } of batch) {
      if (!ids.has(result.id)) {
        retire(desk);
        continue;
      }
      const { state } = result;
      // What is due far ahead waits in its row; in an order it has to stay, for those behind it.
      const isFar = dueMs !== null && dueMs > clock.steadyMs() + nearMs && !desk.called.fifo;
      delivery.total = result.attempts;
      if (state !== "pending" || isFar) {
        held -= 1;
        desk.forget(delivery.id);
      }
      desk.endpoint.settle(delivery, {
        state: isFar ? "dead" : state,
        attempts: result.tries,
        nextMs: dueMs,
      });
      if (desk.called.fifo) reader.settled(desk, delivery.chatId);
      const few = desk.called.fifo ? perChatMax / 2 : deskMax / 4;
      if (desk.hasMore && desk.endpoint.size < few && !desk.isRetired) {
        desk.hasMore = false;
        load(desk).catch(() => {
          desk.hasMore = true;
        });
      }
      stir(desk);
    }
    for (const { id, endpointId } of told) tell(id, endpointId);
  };

  /** To whoever owns that endpoint: a delivery that this courier has made. */
  const tell = (id: string, endpointId: number): void => {
    const owner = { kind: "endpoint", id: endpointId } as const;
    const job = { id, endpointId, payload: null, chatId: null } as unknown as WebhookJob;
    const batch: JobBatch = { jobs: [{ kind: "webhookDelivery", owner, job }] };
    parts.bus.publish(subjects.jobs(shardOfEndpoint(endpointId)), encodeInternal(batch));
  };

  const bury = async (ids: readonly number[]): Promise<void> => {
    if (ids.length === 0) return;
    const endpoints = ids.map((id) => ({ id, shard: shardOfEndpoint(id) }));
    const fences = ours.fencesOf(endpoints.map(({ shard }) => shard));
    const asked = { endpoints, nowMs: clock.wallMs(), limit: buryMax };
    while ((await buryDeliveries(store, fences, asked)) === buryMax && !closing) continue;
  };

  /** Ends what is under way, in a while by force: then it has no outcome, and whoever owns it next tries again. */
  const land = async (gone: readonly Desk[]): Promise<void> => {
    for (const desk of gone) {
      desk.isRetired = true;
      ready.delete(desk);
    }
    const patience = setTimeout(() => {
      for (const desk of gone) desk.abort.abort();
    }, landingMs);
    await Promise.all(gone.flatMap((desk) => [...desk.flights]));
    clearTimeout(patience);
    await writer.idle();
    for (const desk of gone) if (desks.get(desk.called.id) === desk) desks.delete(desk.called.id);
  };

  const ours = parts.jobShards.join({
    of: "open deliveries",
    hears: { kind: "webhookDelivery", hear },
    lookMs,
    look,
    drain: (shard) => land([...desks.values()].filter((desk) => desk.shard === shard)),
  });
  const reader = openRowReader({ store, added: stir, log });
  const writer = openAttemptWriter({
    store,
    fencesOf: ours.fencesOf,
    written,
    givenUp: () => closing,
    log,
  });
  const facts = parts.bus.subscribe(subjects.facts, ours.look);

  return {
    look: ours.look,
    async close() {
      closing = true;
      clearTimeout(pumpTimer);
      facts.close();
      await ours.close();
      await land([...desks.values()]);
    },
  };
}

/** Whether of some chat there may be more than was read. */
function hasFullChat(rows: readonly { readonly chatId: number | null }[]): boolean {
  const counts = new Map<number | null, number>();
  for (const { chatId } of rows) counts.set(chatId, (counts.get(chatId) ?? 0) + 1);
  return [...counts.values()].some((count) => count >= perChatMax);
}

function traceAttempt(
  trace: DepartureTrace,
  { endpointId, delivery }: { readonly endpointId: number; readonly delivery: HeldDelivery },
  { atMs, latencyMs, status }: NonNullable<DeliveryResult["attempt"]>,
): void {
  const message = messageOfDelivery(delivery.id);
  if (message === null) return;
  const attributes = { "rookery.endpoint": endpointId, "http.response.status_code": status ?? 0 };
  trace.note({ stage: "webhook", ...message, startMs: atMs, endMs: atMs + latencyMs, attributes });
}
