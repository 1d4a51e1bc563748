import { createHmac, type KeyObject, sign, timingSafeEqual, verify } from "node:crypto";
import { hmacKeyOf, signingKeyOf, verifyingKeyOf } from "./secret.ts";

/** What a delivery is signed with, read once and kept: reading an ed25519 key costs more than signing. */
export type SigningKey =
  | { readonly kind: "v1"; readonly key: Buffer }
  | { readonly kind: "v1a"; readonly key: KeyObject };

/** What is signed: `{id}.{timestamp}.{body}`. */
export interface SignedContent {
  /** `webhook-id`: the same at every attempt of one event to one endpoint. */
  readonly id: string;
  /** Of this attempt, in whole seconds. */
  readonly timestampS: number;
  /** The bytes that go over the wire, as text. */
  readonly body: string;
}

export interface WebhookHeaders {
  readonly "webhook-id": string;
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
}

/** Of a `whsec_` or a `whsk_`. @throws SigningSecretError */
export function readSigningKey(secret: string): SigningKey {
  return secret.startsWith("whsk_")
    ? { kind: "v1a", key: signingKeyOf(secret) }
    : { kind: "v1", key: hmacKeyOf(secret) };
}

/** The headers of one attempt, with a signature of every key: while keys are changed, the old ones sign too. */
export function signWebhook(content: SignedContent, keys: readonly SigningKey[]): WebhookHeaders {
  const text = textOf(content);
  return {
    "webhook-id": content.id,
    "webhook-timestamp": String(content.timestampS),
    "webhook-signature": keys.map((key) => `${key.kind},${signatureOf(text, key)}`).join(" "),
  };
}

/** How far the clocks of both sides may be apart, either way. */
const toleranceS = 300;
/** Signatures that are looked at. */
const signaturesMax = 32;

/** Whether one of the signatures is by this `whsec_` or `whpk_`, and recent. */
export function verifyWebhook(headers: WebhookHeaders, body: string, secret: string, nowMs: number): boolean {
  const timestamp = headers["webhook-timestamp"];
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  const timestampS = Number(timestamp);
  if (Math.abs(nowMs / 1_000 - timestampS) > toleranceS) return false;
  const text = textOf({ id: headers["webhook-id"], timestampS, body });
  const check = secret.startsWith("whpk_") ? asymmetric(text, secret) : symmetric(text, secret);
  return headers["webhook-signature"].split(" ").slice(0, signaturesMax).some(check);
}

function symmetric(text: string, secret: string): (signature: string) => boolean {
  const expected = Buffer.from(`v1,${signatureOf(text, { kind: "v1", key: hmacKeyOf(secret) })}`);
  return (signature) => {
    const told = Buffer.from(signature);
    return told.length === expected.length && timingSafeEqual(told, expected);
  };
}

function asymmetric(text: string, secret: string): (signature: string) => boolean {
  const key = verifyingKeyOf(secret);
  return (signature) =>
    signature.startsWith("v1a,") &&
    verify(null, Buffer.from(text), key, Buffer.from(signature.slice("v1a,".length), "base64"));
}

function signatureOf(text: string, { kind, key }: SigningKey): string {
  return kind === "v1"
    ? createHmac("sha256", key).update(text).digest("base64")
    : sign(null, Buffer.from(text), key).toString("base64");
}

function textOf({ id, timestampS, body }: SignedContent): string {
  return `${id}.${timestampS}.${body}`;
}
