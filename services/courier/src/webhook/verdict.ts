/** What an attempt makes of a delivery and of its endpoint, as rows. Pure. */
import type { Judgement } from "@rookery/endpoint";
import { webhookPayload } from "@rookery/protocol";
import type { EndpointNote, OperationalEvent, DeliveryResult } from "@rookery/store";
import type { HeldDelivery } from "./desk.ts";

export interface Verdict {
  readonly result: DeliveryResult;
  readonly note: EndpointNote | null;
  readonly events: readonly OperationalEvent[];
}

/** What is told of an endpoint and of a delivery, `wallOf` turning a steady time into one of day. */
export function verdictOf(
  of: {
    readonly endpointId: number;
    readonly url: string;
    readonly shard: number;
    readonly delivery: HeldDelivery;
  },
  judgement: Judgement,
  attempt: NonNullable<DeliveryResult["attempt"]>,
  wallOf: (steadyMs: number) => number,
): Verdict {
  const { endpointId, url, shard, delivery } = of;
  const { state, endpoint: change } = judgement;
  const atMs = attempt.atMs + attempt.latencyMs;
  const attempts = delivery.total + 1;
  const nextMs = judgement.nextMs === null ? atMs : wallOf(judgement.nextMs);
  const { error } = attempt;
  const result = {
    id: delivery.id,
    shard,
    state,
    attempts,
    tries: judgement.attempts,
    nextMs,
    attempt,
    error,
    atMs,
  };
  const isDisabled = change?.kind === "disabled";
  const note: EndpointNote | null =
    change === null
      ? null
      : {
          id: endpointId,
          shard,
          failingSinceMs:
            change.kind === "recovered" ? null : change.kind === "failing" ? wallOf(change.sinceMs) : atMs,
          disabledReason: isDisabled ? change.reason : null,
          atMs,
        };
  const event = (type: OperationalEvent["type"], id: string, data: object): OperationalEvent => ({
    id,
    type,
    payload: webhookPayload(type, atMs, data),
    createdMs: atMs,
    endpointId,
    shard,
  });
  const events: OperationalEvent[] = [];
  const isWord = delivery.type === "endpoint.disabled" || delivery.type === "delivery.exhausted";
  if (isDisabled) {
    const data = { endpointId, url, reason: change.reason, disabledAt: atMs };
    events.push(event("endpoint.disabled", `${endpointId}d${atMs}`, data));
  }
  // Of word that did not arrive there is no word: two endpoints that fail would tell each other for ever.
  if (state === "dead" && !isWord) {
    const data = {
      endpointId,
      url,
      deliveryId: delivery.id,
      type: delivery.type,
      attempts,
      status: attempt.status,
    };
    events.push(event("delivery.exhausted", `${delivery.id}x${attempts}`, data));
  }
  return { result, note, events };
}
