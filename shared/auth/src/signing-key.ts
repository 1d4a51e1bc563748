import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { ConfigError } from "@rookery/runtime";
import { calculateJwkThumbprint, exportJWK, type JWK } from "jose";

export const algorithm = "ES256";
/** Keys of one file: the one that signs, and those whose tokens have not all ended. */
const keysMax = 8;

/** The keys of access tokens at one time: one signs, all verify. */
export interface SigningKeys {
  /** Of the key that signs: its RFC 7638 thumbprint. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  readonly jwks: { readonly keys: readonly JWK[] };
}

/**
 * The keys in the PEM text of a key file. The first is private (PKCS8 or SEC1) and signs; those after it, private or
 * public, are the ones before it and still verify.
 *
 * @throws ConfigError when one is not a P-256 key; the message never holds the text.
 */
export async function parseSigningKeys(text: string): Promise<SigningKeys> {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g)]
    .map(([pem, label = ""]) => ({ pem, isPrivate: label.endsWith("PRIVATE KEY"), label }))
    // What OpenSSL writes before a key of its own making.
    .filter(({ label }) => label !== "EC PARAMETERS");
  const [first] = blocks;
  if (first === undefined) throw new ConfigError("the token key is not PEM");
  if (!first.isPrivate) throw new ConfigError("the first token key must be a private key: it signs");
  if (blocks.length > keysMax) throw new ConfigError(`at most ${keysMax} token keys verify at once`);
  const privateKey = readKey(first.pem, createPrivateKey);
  const published = await Promise.all(blocks.map(async ({ pem }) => publish(readKey(pem, createPublicKey))));
  const publicKeys = new Map(published.map(({ jwk, key }) => [jwk.kid, key]));
  const keys = [...new Map(published.map(({ jwk }) => [jwk.kid, jwk])).values()];
  return { kid: published[0]?.jwk.kid ?? "", privateKey, publicKeys, jwks: { keys } };
}

/** A new key as the file of a first start holds it: PKCS8 PEM. */
export function makeSigningKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/**
 * The text of a key file with a new key, which signs, before the one that signed until now; those before that are left
 * out, as all they signed has ended. `forget`: none is kept.
 *
 * @throws ConfigError when the file holds no keys.
 */
export async function addSigningKey(
  text: string,
  { forget }: { readonly forget: boolean },
): Promise<{ readonly text: string; readonly kid: string; readonly keptKid: string | null }> {
  const before = await parseSigningKeys(text);
  const kept = before.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const next = makeSigningKey() + (forget ? "" : kept);
  return { text: next, kid: (await parseSigningKeys(next)).kid, keptKid: forget ? null : before.kid };
}

function readKey(pem: string, parse: (pem: string) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse(pem);
  } catch (error) {
    throw new ConfigError("the token key is not PEM", { cause: error });
  }
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw new ConfigError("the token key must be an ES256 key (elliptic curve P-256)");
  }
  return key;
}

/** `key` is public, so that nothing else can be in its JWK. */
async function publish(key: KeyObject): Promise<{ jwk: JWK & { kid: string }; key: KeyObject }> {
  const jwk = await exportJWK(key);
  return { jwk: { ...jwk, kid: await calculateJwkThumbprint(jwk), use: "sig", alg: algorithm }, key };
}
