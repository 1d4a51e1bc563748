import type { Bus } from "@rookery/bus";
import { encodeInternal, type JobBatch, shardOf, subjects, type WebhookDelivery } from "@rookery/protocol";

/** Tells couriers of deliveries that an edge has made. Word may be lost: they read what is open from time to time. */
export interface JobWakes {
  tell(delivery: WebhookDelivery): void;
}

export function openJobWakes(bus: Pick<Bus, "publish">, shards: number): JobWakes {
  return {
    tell(delivery) {
      const owner = { kind: "endpoint", id: delivery.endpointId } as const;
      // Without the body: who is woken reads the row, and so knows the others of its chat too.
      const job = { kind: "webhookDelivery", owner, job: { ...delivery, payload: null } } as const;
      bus.publish(
        subjects.jobs(shardOf("endpoint", delivery.endpointId, shards)),
        encodeInternal({ jobs: [job] } satisfies JobBatch),
      );
    },
  };
}
