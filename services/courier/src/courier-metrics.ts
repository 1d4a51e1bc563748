import { Counter, Gauge, type Registry } from "@rookery/runtime";

/** What leaves the cluster, counted. */
export interface CourierMetrics {
  /** Deliveries of outgoing webhooks that are still to be made. */
  readonly webhookPending: Gauge;
  /** How late the one is that has been due for longest. */
  readonly webhookOldest: Gauge;
  readonly webhookAttempts: Counter<"result">;
  /** Sends to Telegram that wait for their turn. */
  readonly telegramQueue: Gauge;
}

/** Registers them (CONTRACT §6); what nothing has counted yet is 0, not unknown. */
export function openCourierMetrics(metrics: Registry): CourierMetrics {
  const registers = [metrics];
  const webhookAttempts = new Counter({
    name: "rookery_webhook_attempts_total",
    help: "Attempts to deliver outgoing webhooks",
    labelNames: ["result"],
    registers,
  });
  for (const result of ["success", "failure"]) webhookAttempts.inc({ result }, 0);
  return {
    webhookPending: new Gauge({
      name: "rookery_webhook_pending",
      help: "Deliveries of outgoing webhooks still to be made",
      registers,
    }),
    webhookOldest: new Gauge({
      name: "rookery_webhook_oldest_seconds",
      help: "How long the delivery that has been due for longest has been so",
      registers,
    }),
    webhookAttempts,
    telegramQueue: new Gauge({
      name: "rookery_telegram_queue",
      help: "Sends to Telegram that wait for their turn",
      registers,
    }),
  };
}
