import { setTimeout as sleep } from "node:timers/promises";
import type { Bus, Liveness } from "@rookery/bus";
import { type BotRun, encodeInternal, subjects, type UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { RunAnswer } from "./webhook-poster.ts";

/** A message of the bus has a megabyte, and bytes are four thirds as text. */
const bodyBytesMax = 700_000;
/** An edge that has no answer by then is asked no more, another is. */
const answerMs = 10_000;
/** As long as a bot has for its answer; then it is given up. */
const patienceMs = 60_000;
const retryMs = 500;

/**
 * Methods are the edges' affair: what a webhook answers goes to one that lives. Its key is the update's, so that however often
 * an update is posted its answer is done once.
 */
export function openAnswerRunner(parts: {
  readonly bus: Pick<Bus, "request">;
  readonly liveness: Pick<Liveness, "live">;
  readonly log: Log;
}): RunAnswer {
  return async (botId: UserId, { key, type, body, signal }) => {
    if (!body.includes("method")) return;
    if (body.byteLength > bodyBytesMax) {
      parts.log.warn({ botId, bytes: body.byteLength }, "a webhook's answer is too long to be done");
      return;
    }
    const run: BotRun = { botId, key, type, body: body.toString("base64") };
    const endMs = performance.now() + patienceMs;
    while (performance.now() < endMs) {
      const edges = parts.liveness.live("edge") ?? [];
      const edge = edges[Math.floor(Math.random() * edges.length)];
      if (edge !== undefined) {
        try {
          await parts.bus.request(subjects.botRun(edge), encodeInternal(run), { timeoutMs: answerMs });
          return;
        } catch (error) {
          parts.log.info({ botId, err: String(error) }, "no edge has done a webhook's answer yet");
        }
      }
      // Another owner posts it again, and is answered the same.
      await sleep(retryMs, undefined, { signal });
    }
    parts.log.warn({ botId }, "a webhook's answer was done by no edge");
  };
}
