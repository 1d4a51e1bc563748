import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { ConfigError } from "@rookery/runtime";
import {
  calculateJwkThumbprint,
  errors,
  exportJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from "jose";
import type { Principal } from "./principal.ts";

/** What a token is asked for; times are the caller's. */
export type Claim = Omit<Principal, "expiresMs">;

/** `expired` is told apart from `bad` because a client refreshes after one and logs in after the other. */
export type Verdict =
  | { readonly kind: "valid"; readonly principal: Principal }
  | { readonly kind: "expired" }
  | { readonly kind: "bad" };

export interface Tokens {
  readonly lifeMs: number;
  /** A signed access token and when it ends, Unix ms. */
  sign(claim: Claim, nowMs: number): Promise<{ token: string; expiresMs: number }>;
  /** Never throws for what a stranger may send. */
  verify(token: string, nowMs: number): Promise<Verdict>;
  /** The public keys, for `/.well-known/jwks.json`. */
  readonly jwks: { readonly keys: readonly JWK[] };
}

export interface TokenOptions {
  /** PKCS8 PEM of an ES256 (P-256) key: signs, and its public half verifies. */
  readonly privateKeyPem: string;
  /** Public keys (PEM) that still verify after a change of key, until their last token has ended. */
  readonly retiredKeyPems?: readonly string[];
  /**
   * Not the public URL: a cluster keeps its logins when it moves to another address.
   */
  readonly issuer?: string;
  readonly audience?: string;
  readonly lifeMs?: number;
}

const algorithm = "ES256";
const tokenType = "at+jwt";
const lifeMsDefault = 15 * 60_000;
/** Longer than any token of ours; refused before anything is parsed. */
const tokenCharsMax = 4_096;

/**
 * Access tokens: JWTs by ES256 (RFC 9068 `at+jwt`), `kid` = the key's RFC 7638 thumbprint.
 *
 * A token chooses among the configured keys by `kid` and nothing else: `none`, HS*, `jku`, `x5u` and `jwk` have no
 * effect. Issuer, audience, type, expiry and not-before are checked.
 *
 * @throws ConfigError when a key is not a P-256 key.
 */
export async function openTokens(options: TokenOptions): Promise<Tokens> {
  const { issuer = "rookery", audience = "rookery", lifeMs = lifeMsDefault } = options;
  const privateKey = readKey(options.privateKeyPem, createPrivateKey);
  const publicKeys = [
    createPublicKey(privateKey),
    ...(options.retiredKeyPems ?? []).map((pem) => readKey(pem, createPublicKey)),
  ];
  const keys = await Promise.all(publicKeys.map(publish));
  const byKid = new Map(keys.map((jwk, index) => [jwk.kid, publicKeys[index]]));
  const kid = keys[0]?.kid ?? "";

  return {
    lifeMs,
    jwks: { keys },
    sign: async (claim, nowMs) => {
      // Seconds are the unit of JWT; the end told is the end checked.
      const issued = Math.floor(nowMs / 1000);
      const expires = issued + Math.floor(lifeMs / 1000);
      const token = await new SignJWT({ sid: String(claim.sessionId), roles: [...claim.roles] })
        .setProtectedHeader({ alg: algorithm, kid, typ: tokenType })
        .setSubject(String(claim.userId))
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(issued)
        .setExpirationTime(expires)
        .sign(privateKey);
      return { token, expiresMs: expires * 1000 };
    },
    verify: async (token, nowMs) => {
      if (token.length > tokenCharsMax) return { kind: "bad" };
      try {
        const { payload } = await jwtVerify(
          token,
          (header) => {
            const key = byKid.get(header.kid ?? "");
            if (key === undefined) throw new errors.JWKSNoMatchingKey();
            return key;
          },
          {
            algorithms: [algorithm],
            typ: tokenType,
            issuer,
            audience,
            currentDate: new Date(nowMs),
            requiredClaims: ["sub", "sid", "exp", "iat"],
          },
        );
        const principal = readPrincipal(payload);
        return principal === undefined ? { kind: "bad" } : { kind: "valid", principal };
      } catch (error) {
        if (error instanceof errors.JWTExpired) return { kind: "expired" };
        if (error instanceof errors.JOSEError) return { kind: "bad" };
        throw error;
      }
    },
  };
}

function readPrincipal({ sub, sid, roles, exp }: JWTPayload): Principal | undefined {
  const userId = Number(sub);
  const sessionId = Number(sid);
  const named = Array.isArray(roles) && roles.every((role) => typeof role === "string");
  if (!isId(userId) || !isId(sessionId) || exp === undefined || !named) return undefined;
  return { userId, sessionId, roles, expiresMs: exp * 1000 };
}

function isId(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
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
async function publish(key: KeyObject): Promise<JWK & { kid: string }> {
  const jwk = await exportJWK(key);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), use: "sig", alg: algorithm };
}
