/** Couriers of webhooks on real rows. */
import { inTransaction } from "@rookery/store";
import {
  deliverTo,
  type EndpointFact,
  webhookEventId,
  type WebhookJob,
  webhookPayload,
} from "@rookery/protocol";
import { insertDelivery, insertEndpointSecret, insertUser, webhookSecretOwner } from "@rookery/store";
import { makeSigningSecret, openAddressRules } from "@rookery/webhook";
import { type CallerCounts, startWebhookCaller, type WebhookCaller } from "../../src/webhook/caller.ts";
import type { Clock } from "../../src/webhook/clock.ts";
import { openWebhookPost } from "../../src/webhook/post.ts";
import { openCourierFixture } from "../courier-fixture.ts";

export async function openWebhookStage(name: string) {
  const fixture = await openCourierFixture(name);
  const { store, secrets, shards, log } = fixture;
  const rules = openAddressRules({ allowPrivate: true, networks: [], ports: [] });
  const http = openWebhookPost({ rules, proxyUrl: null });
  const callers = new Set<WebhookCaller>();
  const person = { username: "root", email: null, displayName: "root", passwordHash: null, isBot: false };
  const admin = await insertUser(store, { ...person, role: "admin", createdMs: 1 });

  return {
    store,
    log,
    adminId: admin.id,
    async makeEndpoint(url: string, columns: Readonly<Record<string, unknown>> = {}) {
      const values = { scope: "all", chat_id: null, retry: null, ...columns };
      const names = Object.keys(values);
      const made = makeSigningSecret("v1");
      const id = await inTransaction(store, async (db) => {
        const { rows } = await db.query<{ id: number }>(
          `insert into webhook_endpoint (owner_id, url, created_ms, ${names.join(", ")})
           values ($1, $2, 1, ${names.map((_, index) => `$${index + 3}`).join(", ")}) returning id`,
          [admin.id, url, ...Object.values(values)],
        );
        const endpointId = rows[0]?.id ?? 0;
        const sealed = secrets.sealSecret(made.secret, webhookSecretOwner(endpointId));
        const secret = { endpointId, kind: "v1", public: null, createdMs: 1, requestUuid: null } as const;
        await insertEndpointSecret(db, { ...secret, ...sealed });
        return endpointId;
      });
      return { id, secret: made.secret };
    },
    /** What a chat's commit leaves. */
    async write(endpointId: number, chatId: number, seq: number, atMs = Date.now()): Promise<WebhookJob> {
      const payload = webhookPayload("message.created", atMs, { chatId, seq, body: `no. ${seq}` });
      const id = webhookEventId(chatId, "m", seq);
      const event = { id, type: "message.created", payload, createdMs: atMs } as const;
      const [job] = deliverTo([{ id: endpointId } as EndpointFact], event, { chatId, place: seq, sub: 0 });
      if (job === undefined) throw new Error("no delivery");
      await insertDelivery(store, job, payload);
      return job;
    },
    /** Another courier takes all shards; the one before does not know. */
    async start(
      options: { readonly clock?: Clock; readonly spreadMs?: number; readonly counts?: CallerCounts } = {},
    ) {
      const { jobShards, wake, held } = await fixture.own();
      const caller = startWebhookCaller({
        jobShards,
        bus: { publish: () => {}, subscribe: () => ({ close: () => {} }) },
        store,
        http,
        secrets,
        shards,
        userAgent: "rookery/test",
        disableMs: 5 * 86_400_000,
        counts: { attempt: () => {}, pending: () => {} },
        log,
        ...options,
      });
      callers.add(caller);
      return {
        caller,
        held,
        wake: (...jobs: WebhookJob[]) =>
          wake(
            ...jobs.map((job) => ({
              kind: "webhookDelivery" as const,
              owner: { kind: "endpoint" as const, id: job.endpointId },
              job,
            })),
          ),
        async close() {
          callers.delete(caller);
          await caller.close();
        },
      };
    },
    async deliveries(endpointId: number) {
      const { rows } = await store.query<{
        id: string;
        type: string;
        state: string;
        attempts: number;
        status: number | null;
        error: string | null;
      }>(
        "select id, type, state, attempts, status, error from webhook_delivery where endpoint_id = $1 order by place",
        [endpointId],
      );
      return rows;
    },
    async close() {
      await Promise.all([...callers].map((caller) => caller.close()));
      await http.close();
      await fixture.close();
    },
  };
}
