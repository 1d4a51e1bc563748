import {
  deliverTo,
  type EndpointFacts,
  type Job,
  type TelegramUpdateJob,
  type WebhookEvent,
  webhookEventId,
  webhookPayload,
} from "@rookery/protocol";
import type { Row } from "@rookery/store";

const type = "telegram.update";

/** Who is told by webhook of an update that is about no chat: whoever listens to the bot, or to everything. Pure. */
export function webhooksOf(
  { botId, updateId, raw: update, createdMs }: TelegramUpdateJob,
  { ofBot, ofAll }: EndpointFacts,
): { readonly rows: readonly Row[]; readonly jobs: readonly Job[] } {
  const takers = [...(ofBot.get(botId) ?? []), ...ofAll].filter(
    ({ scope, types }) => scope !== "reply" && (types === null || types.has(type)),
  );
  if (takers.length === 0) return { rows: [], jobs: [] };
  const data = { chatId: null, seq: null, update, bot: { id: botId } };
  const event: WebhookEvent = {
    id: webhookEventId(botId, "u", updateId),
    type,
    payload: webhookPayload(type, createdMs, data),
    createdMs,
  };
  const jobs = deliverTo(takers, event, { chatId: null, place: createdMs, sub: updateId });
  const rows: Row[] = [{ table: "webhookEvent", row: event }];
  for (const { payload: _, ...row } of jobs) rows.push({ table: "webhookDelivery", row });
  return {
    rows,
    jobs: jobs.map((job) => ({
      kind: "webhookDelivery",
      owner: { kind: "endpoint", id: job.endpointId },
      job,
    })),
  };
}
