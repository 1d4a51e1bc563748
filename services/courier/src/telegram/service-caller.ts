/** Asks the services of a bot, within bounds: so many at once of a service, so long an attempt, and none while it is known to fail. */
import {
  type BotEvent,
  type BotService,
  Fault,
  parseServiceAnswer,
  type ServiceAnswer,
  type ServiceCall,
} from "@rookery/protocol";
import { Breaker } from "@rookery/endpoint";
import { type HttpPost, OutboundError } from "../outbound/http-post.ts";

const timeoutMsDefault = 5_000;
const retriesDefault = 2;
const backoffMs = 250;
/** Calls of one service under way. More wait, but no longer than one attempt may take: behind those that hang nobody waits for ever. */
const inFlightMax = 64;
const waitingMax = 4_000;

/** Services remembered; beyond it the one asked longest ago is forgotten. */
const standingsMax = 10_000;

export interface ServiceCaller {
  /** Never throws; `failed` says why in words for a log. */
  call(
    service: {
      readonly key: string;
      readonly spec: BotService;
      readonly headers: Readonly<Record<string, string>>;
    },
    event: BotEvent,
    /** `step`: which call of its update it is; with it every call has a name of its own, and its repeats the same. */
    asked: ServiceCall & { readonly step: number },
    signal: AbortSignal,
  ): Promise<ServiceAnswer>;
}

interface Standing {
  readonly breaker: Breaker;
  inFlight: number;
  /** Whose turn comes, the first first: each is called with the place of one that has ended. */
  readonly waiting: Set<() => void>;
}

export function openServiceCaller(parts: {
  readonly http: HttpPost;
  readonly now: () => number;
}): ServiceCaller {
  const { http, now } = parts;
  /** By bot, name and URL: another URL begins anew. */
  const standings = new Map<string, Standing>();

  return {
    async call({ key, spec, headers }, event, asked, signal) {
      const name = `${key} ${spec.url}`;
      const standing = standings.get(name) ?? {
        breaker: new Breaker(),
        inFlight: 0,
        waiting: new Set(),
      };
      standings.delete(name);
      standings.set(name, standing);
      const [oldest] = standings.keys();
      if (standings.size > standingsMax && oldest !== undefined) standings.delete(oldest);
      const { timeoutMs = timeoutMsDefault, retries = retriesDefault } = spec;
      if (!(await enter(standing, timeoutMs, signal))) {
        return { kind: "failed", reason: "too many calls are under way" };
      }
      const requestId = `bot-${event.botId}-${event.updateId}-${asked.step}`;
      const body = JSON.stringify(requestOf(event, asked, requestId));
      let reason = "";
      try {
        for (let attempt = 0; attempt <= retries; attempt += 1) {
          if (attempt > 0) await pause(backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), signal);
          if (signal.aborted) return { kind: "failed", reason: "given up" };
          if (!standing.breaker.allows(now()))
            return { kind: "failed", reason: `its breaker is open; ${reason}` };
          const tried = await attemptOnce(http, spec.url, {
            headers: {
              ...headers,
              "content-type": "application/json",
              "x-request-id": requestId,
              "x-attempt": String(attempt + 1),
            },
            body,
            timeoutMs,
            signal,
          });
          if (tried.kind === "answer") {
            standing.breaker.note(true, now());
            return answerOf(tried.body, event);
          }
          if (signal.aborted) {
            // It was we who ended it.
            standing.breaker.withdraw();
            return { kind: "failed", reason: "given up" };
          }
          standing.breaker.note(tried.kind === "refusal", now());
          reason = tried.reason;
          // What was understood and refused is refused again.
          if (tried.kind === "refusal") break;
        }
        return { kind: "failed", reason };
      } finally {
        leave(standing);
      }
    },
  };
}

/** @returns false when there is no place in time. */
function enter(standing: Standing, waitMs: number, signal: AbortSignal): boolean | Promise<boolean> {
  if (standing.inFlight < inFlightMax) {
    standing.inFlight += 1;
    return true;
  }
  if (standing.waiting.size >= waitingMax || signal.aborted) return false;
  return new Promise((resolve) => {
    const end = (isIn: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      standing.waiting.delete(take);
      resolve(isIn);
    };
    const take = (): void => end(true);
    const giveUp = (): void => end(false);
    const timer = setTimeout(giveUp, waitMs);
    signal.addEventListener("abort", giveUp);
    standing.waiting.add(take);
  });
}

/** The place goes to whoever waits longest. */
function leave(standing: Standing): void {
  const [next] = standing.waiting;
  if (next === undefined) standing.inFlight -= 1;
  else next();
}

type Tried =
  | { readonly kind: "answer"; readonly body: string }
  | { readonly kind: "refusal" | "failure"; readonly reason: string };

async function attemptOnce(
  http: HttpPost,
  url: string,
  call: Parameters<HttpPost["post"]>[1],
): Promise<Tried> {
  try {
    const { status, body } = await http.post(url, call);
    if (status >= 200 && status < 300) return { kind: "answer", body };
    const mayPass = status >= 500 || status === 408 || status === 429;
    return { kind: mayPass ? "failure" : "refusal", reason: `HTTP ${status}` };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return { kind: "failure", reason: error.message };
  }
}

function answerOf(body: string, { input }: BotEvent): ServiceAnswer {
  try {
    const value: unknown = body.trim() === "" ? {} : JSON.parse(body);
    return parseServiceAnswer(value, input.kind === "callback" ? input.messageId : null);
  } catch (error) {
    if (error instanceof Fault) return { kind: "failed", reason: `its answer is wrong: ${error.message}` };
    if (error instanceof SyntaxError) return { kind: "failed", reason: "its answer is not JSON" };
    throw error;
  }
}

/** The body of a call (`bot-service.openapi.json`). */
function requestOf(event: BotEvent, asked: ServiceCall, requestId: string): object {
  const { botId, updateId, type, chatId, telegramChatId, isPrivate, person, input } = event;
  return {
    requestId,
    botId,
    updateId,
    type,
    service: asked.service,
    chat: { id: chatId, telegramId: telegramChatId, isPrivate },
    person,
    input,
    payload: asked.payload ?? {},
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
