/**
 * Outgoing webhooks: what is told, to whom, and how it looks. A delivery is made in the commit that holds its event; from then on it
 * is the affair of the courier that owns the endpoint's job shard.
 */
import type { ChatId, Seq, UserId } from "./id.ts";

export const webhookTypes = [
  "message.created",
  "message.edited",
  "message.deleted",
  "reaction.changed",
  "receipt.changed",
  "member.changed",
  "chat.created",
  "chat.updated",
  "telegram.update",
  "endpoint.disabled",
  "delivery.exhausted",
] as const;

export type WebhookType = (typeof webhookTypes)[number];

export const webhookScopes = ["chat", "reply", "bot", "all"] as const;

export type WebhookScope = (typeof webhookScopes)[number];

/** What who makes an event needs to know of an endpoint. */
export interface EndpointFact {
  readonly id: number;
  readonly ownerId: UserId;
  readonly scope: WebhookScope;
  /** Of scope `chat`. */
  readonly chatId: ChatId | null;
  /** Of the scopes `reply` and `bot`. */
  readonly botId: UserId | null;
  /** Null: all of its scope. */
  readonly types: ReadonlySet<WebhookType> | null;
}

/** The endpoints that take anything, found by what they are about. Never changed in place. */
export interface EndpointFacts {
  readonly byId: ReadonlyMap<number, EndpointFact>;
  readonly ofChat: ReadonlyMap<ChatId, readonly EndpointFact[]>;
  /** `reply` and `bot`. */
  readonly ofBot: ReadonlyMap<UserId, readonly EndpointFact[]>;
  readonly ofAll: readonly EndpointFact[];
}

export function endpointFacts(endpoints: Iterable<EndpointFact>): EndpointFacts {
  const byId = new Map([...endpoints].map((endpoint) => [endpoint.id, endpoint]));
  const ofChat = new Map<ChatId, EndpointFact[]>();
  const ofBot = new Map<UserId, EndpointFact[]>();
  const ofAll: EndpointFact[] = [];
  for (const endpoint of byId.values()) {
    if (endpoint.chatId !== null) put(ofChat, endpoint.chatId, endpoint);
    else if (endpoint.botId !== null) put(ofBot, endpoint.botId, endpoint);
    else ofAll.push(endpoint);
  }
  return { byId, ofChat, ofBot, ofAll };
}

export const noEndpoints: EndpointFacts = endpointFacts([]);

function put(places: Map<number, EndpointFact[]>, id: number, endpoint: EndpointFact): void {
  const there = places.get(id);
  if (there === undefined) places.set(id, [endpoint]);
  else there.push(endpoint);
}

/** Something that happened, as it is told to whoever takes it: once, however many they are. */
export interface WebhookEvent {
  /** Made of what happened, so that no two happenings have one: `webhookEventId`. */
  readonly id: string;
  readonly type: WebhookType;
  /** The body, to the byte: signatures made again are of the same. */
  readonly payload: string;
  readonly createdMs: number;
}

/** An event on its way to one endpoint. */
export interface WebhookDelivery {
  /** The header `webhook-id`. */
  readonly id: string;
  readonly endpointId: number;
  readonly eventId: string;
  readonly type: WebhookType;
  /** Null: about no chat. */
  readonly chatId: ChatId | null;
  /** The order in the chat; `sub` among those of one place. */
  readonly place: number;
  readonly sub: number;
  readonly createdMs: number;
  readonly nextMs: number;
}

/** As its courier hears of it, with the body unless that is large (`webhookInlineMax`). */
export interface WebhookJob extends WebhookDelivery {
  readonly payload: string | null;
}

/** UTF-16 units of a body that go along with word of a delivery; a larger one is read from its row. */
const webhookInlineMax = 16_384;

/** The body of a delivery: Standard Webhooks 1.0.0, whose times are text. */
export function webhookPayload(type: WebhookType, atMs: number, data: object): string {
  return JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data });
}

/** What an event is called by what it is about: `m` a message, `c` a change, `r` receipts, `b` a birth, `u` an update of Telegram's. */
export function webhookEventId(aboutId: number, kind: "m" | "c" | "r" | "b" | "u", n: number): string {
  return `${aboutId}${kind}${n}`;
}

/** The header `webhook-id`: the same at every attempt, and of no other event to no other endpoint. */
export function webhookDeliveryId(endpointId: number, eventId: string): string {
  return `msg_${endpointId}_${eventId}`;
}

/** The message that a delivery tells of; null: it tells of something else. */
export function messageOfDelivery(id: string): { readonly chatId: ChatId; readonly seq: Seq } | null {
  const [, chatId, seq] = /^msg_\d+_(\d+)m(\d+)$/.exec(id) ?? [];
  return seq === undefined ? null : { chatId: Number(chatId), seq: Number(seq) };
}

/** The deliveries of one event to those who take its type, and the jobs that tell of them. */
export function deliverTo(
  endpoints: Iterable<EndpointFact>,
  event: WebhookEvent,
  at: { readonly chatId: ChatId | null; readonly place: number; readonly sub: number },
): WebhookJob[] {
  const { id: eventId, type, payload, createdMs } = event;
  return [...endpoints].map(({ id: endpointId }) => ({
    id: webhookDeliveryId(endpointId, eventId),
    endpointId,
    eventId,
    type,
    ...at,
    createdMs,
    nextMs: createdMs,
    payload: payload.length > webhookInlineMax ? null : payload,
  }));
}
