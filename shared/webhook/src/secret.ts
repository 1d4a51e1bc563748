import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from "node:crypto";

/**
 * How a delivery is signed: `v1` by a secret both sides know (HMAC-SHA256), `v1a` by a key of ours whose public half the
 * receiver has (ed25519). Source: Standard Webhooks 1.0.0.
 */
export type SignatureKind = "v1" | "v1a";

/** What signs. The text is for its owner and for the sealed column, never for logs. */
export type SigningSecret =
  | { readonly kind: "v1"; readonly secret: `whsec_${string}` }
  | { readonly kind: "v1a"; readonly secret: `whsk_${string}`; readonly public: `whpk_${string}` };

/** The text is no secret of ours. Never says what it was. */
export class SigningSecretError extends Error {
  override name = "SigningSecretError";
}

/** Of what we make; the standard takes 24 to 64. */
const secretBytes = 32;
const secretBytesMin = 24;
const secretBytesMax = 64;
const seedBytes = 32;

/** What RFC 8410 puts before the 32 bytes of an ed25519 key: PKCS #8 and SPKI, both DER. */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");
const spkiHead = Buffer.from("302a300506032b6570032100", "hex");

/** A fresh one of that kind. */
export function makeSigningSecret(kind: SignatureKind): SigningSecret {
  const bytes = randomBytes(kind === "v1" ? secretBytes : seedBytes);
  if (kind === "v1") return { kind, secret: `whsec_${bytes.toString("base64")}` };
  const spki = createPublicKey(privateKeyOf(bytes)).export({ format: "der", type: "spki" });
  return {
    kind,
    secret: `whsk_${bytes.toString("base64")}`,
    public: `whpk_${spki.subarray(spkiHead.length).toString("base64")}`,
  };
}

/** The bytes of a `whsec_`. @throws SigningSecretError */
export function hmacKeyOf(secret: string): Buffer {
  const key = bytesOf(secret, "whsec_");
  if (key.length < secretBytesMin || key.length > secretBytesMax)
    throw new SigningSecretError("not a whsec_");
  return key;
}

/** The key that signs, of a `whsk_`. @throws SigningSecretError */
export function signingKeyOf(secret: string): KeyObject {
  const seed = bytesOf(secret, "whsk_");
  if (seed.length !== seedBytes) throw new SigningSecretError("not a whsk_");
  return privateKeyOf(seed);
}

/** The key that verifies, of a `whpk_`. @throws SigningSecretError */
export function verifyingKeyOf(text: string): KeyObject {
  const key = bytesOf(text, "whpk_");
  if (key.length !== seedBytes) throw new SigningSecretError("not a whpk_");
  return createPublicKey({ key: Buffer.concat([spkiHead, key]), format: "der", type: "spki" });
}

function privateKeyOf(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" });
}

function bytesOf(text: string, prefix: string): Buffer {
  const encoded = text.slice(prefix.length);
  if (!text.startsWith(prefix) || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    throw new SigningSecretError(`not a ${prefix}`);
  }
  return Buffer.from(encoded, "base64");
}
