/** Receivers with moods, of a seed: they answer 500, hang, reset, redirect and say 429, and write down what came. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { openWebhookReceiver, type Random, type SeenWebhook, type WebhookBehaviour } from "@rookery/kit";
import type { Arrival } from "./check.ts";

/** Of a thousand requests. */
const moods: readonly {
  readonly name: string;
  readonly perMille: number;
  readonly answer: WebhookBehaviour;
}[] = [
  { name: "answered 500", perMille: 80, answer: 500 },
  { name: "reset", perMille: 40, answer: "reset" },
  { name: "redirected", perMille: 30, answer: { status: 307, headers: { location: "/elsewhere" } } },
  { name: "answered 429", perMille: 30, answer: { status: 429, headers: { "retry-after": "1" } } },
  { name: "left hanging", perMille: 5, answer: "hang" },
];

export interface MoodyReceiver {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** Deliveries that have been taken, each once. */
  readonly taken: number;
  /** Requests to where redirections led. */
  readonly followed: number;
  readonly answers: Readonly<Record<string, number>>;
  /** Where an endpoint of that name is to be called, and by what it signs. */
  know(path: string, endpointId: number, secret: string): void;
  close(): Promise<void>;
}

export async function openMoodyReceiver(random: Random): Promise<MoodyReceiver> {
  const known = new Map<string, { readonly endpointId: number; readonly key: Buffer }>();
  const arrivals: Arrival[] = [];
  const taken = new Set<string>();
  const answers: Record<string, number> = {};
  let followed = 0;

  const take = (seen: SeenWebhook): WebhookBehaviour => {
    const hook = known.get(seen.path);
    if (hook === undefined) {
      followed += 1;
      return 404;
    }
    const mood = pick(random.below(1_000));
    const name = mood?.name ?? "taken";
    answers[name] = (answers[name] ?? 0) + 1;
    const { data } = JSON.parse(seen.body) as { data: { seq: number } };
    if (mood === undefined) taken.add(seen.id);
    arrivals.push({
      endpointId: hook.endpointId,
      id: seen.id,
      seq: data.seq,
      digest: createHash("sha256").update(seen.body).digest("base64url").slice(0, 12),
      isSigned: isSigned(seen, hook.key),
      isTaken: mood === undefined,
    });
    return mood?.answer ?? 200;
  };

  const receiver = await openWebhookReceiver(take, { keeps: false });
  return {
    url: receiver.url,
    arrivals,
    answers,
    get taken() {
      return taken.size;
    },
    get followed() {
      return followed;
    },
    know(path, endpointId, secret) {
      known.set(path, { endpointId, key: Buffer.from(secret.replace("whsec_", ""), "base64") });
    },
    close: () => receiver.close(),
  };
}

function pick(dice: number): (typeof moods)[number] | undefined {
  let bound = 0;
  return moods.find(({ perMille }) => dice < (bound += perMille));
}

/** Standard Webhooks 1.0.0, `v1`. */
function isSigned({ headers, body }: SeenWebhook, key: Buffer): boolean {
  const content = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
  const expected = Buffer.from(`v1,${createHmac("sha256", key).update(content).digest("base64")}`);
  const given = Buffer.from(String(headers["webhook-signature"]));
  return given.length === expected.length && timingSafeEqual(given, expected);
}
