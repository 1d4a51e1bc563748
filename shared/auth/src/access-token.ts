import type { KeyObject } from "node:crypto";
import type { SessionId, UserId } from "@rookery/protocol";
import { errors, type JWK, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { Principal } from "./principal.ts";
import { algorithm, parseSigningKeys } from "./signing-key.ts";
import { openVerifiedTokens } from "./verified-tokens.ts";

/** What a token is asked for; times are the caller's. */
export interface Claim {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly roles: readonly string[];
}

/**
 * `expired` is told apart from `bad` because a client refreshes after one and logs in after the other. `ended` is a good token of a
 * session that is over, as whoever knows of sessions says; a token alone does not tell.
 */
export type Verdict =
  | { readonly kind: "valid" | "ended"; readonly principal: Principal }
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
  /**
   * Reads the keys again. @returns whether they are others now.
   * @throws ConfigError, and what `readAgain` throws; the keys stay what they were then.
   */
  refresh(): Promise<boolean>;
}

export interface TokenOptions {
  /** The text of the key file: the first key signs, all verify (`parseSigningKeys`). */
  readonly privateKeyPem: string;
  /** Reads the key file again. Also asked when a token names an unknown key: another edge may have read it before. */
  readonly readAgain?: () => Promise<string>;
  /**
   * Not the public URL: a cluster keeps its logins when it moves to another address.
   */
  readonly issuer?: string;
  readonly audience?: string;
  readonly lifeMs?: number;
  /** Tokens found good that are remembered for a minute; 0: none. */
  readonly rememberedMax?: number;
}

const tokenType = "at+jwt";
const lifeMsDefault = 15 * 60_000;
/** How far the clocks of edges and of services that check tokens may be apart. */
export const clockSkewMs = 5_000;
/** Unknown keys make us look for new ones so often at most: anybody can name one. */
const readAgainMs = 1_000;
const rememberedMaxDefault = 20_000;
/** Longer than any token of ours; refused before anything is parsed. */
const tokenCharsMax = 4_096;

/**
 * Access tokens: JWTs by ES256 (RFC 9068 `at+jwt`), `kid` = the key's RFC 7638 thumbprint.
 *
 * A token chooses among the configured keys by `kid` and nothing else: `none`, HS*, `jku`, `x5u` and `jwk` have no
 * effect. Issuer, audience, type, expiry and not-before are checked, the times with `clockSkewMs` to spare.
 *
 * @throws ConfigError when a key is not a P-256 key.
 */
export async function openTokens(options: TokenOptions): Promise<Tokens> {
  const { issuer = "rookery", audience = "rookery", lifeMs = lifeMsDefault } = options;
  let text = options.privateKeyPem;
  let keys = await parseSigningKeys(text);
  const { rememberedMax = rememberedMaxDefault } = options;
  let verified = openVerifiedTokens(rememberedMax);
  let looking: Promise<unknown> = Promise.resolve();
  let lookedMs = Number.NEGATIVE_INFINITY;

  const refresh = async (): Promise<boolean> => {
    const found = (await options.readAgain?.()) ?? text;
    if (found === text) return false;
    keys = await parseSigningKeys(found);
    text = found;
    // Also for proofs under way: they are kept where nobody looks any more.
    verified = openVerifiedTokens(rememberedMax);
    return true;
  };

  const keyOf = async (kid: string, nowMs: number): Promise<KeyObject> => {
    if (!keys.publicKeys.has(kid)) {
      if (Math.abs(nowMs - lookedMs) >= readAgainMs) {
        lookedMs = nowMs;
        // Whoever reads them regularly tells what is wrong with the file.
        looking = refresh().catch(() => false);
      }
      await looking;
    }
    const key = keys.publicKeys.get(kid);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key;
  };

  return {
    lifeMs,
    refresh,
    get jwks() {
      return keys.jwks;
    },
    sign: async (claim, nowMs) => {
      // Seconds are the unit of JWT; the end told is the end checked.
      const issued = Math.floor(nowMs / 1000);
      const expires = issued + Math.floor(lifeMs / 1000);
      const token = await new SignJWT({ sid: String(claim.sessionId), roles: [...claim.roles] })
        .setProtectedHeader({ alg: algorithm, kid: keys.kid, typ: tokenType })
        .setSubject(String(claim.userId))
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(issued)
        .setExpirationTime(expires)
        .sign(keys.privateKey);
      return { token, expiresMs: expires * 1000 };
    },
    verify: async (token, nowMs) => {
      if (token.length > tokenCharsMax) return { kind: "bad" };
      const memory = verified;
      const known = memory.find(token, nowMs);
      if (known !== undefined) return { kind: "valid", principal: known };
      try {
        const { payload } = await jwtVerify(token, ({ kid = "" }) => keyOf(kid, nowMs), {
          algorithms: [algorithm],
          typ: tokenType,
          issuer,
          audience,
          currentDate: new Date(nowMs),
          clockTolerance: clockSkewMs / 1_000,
          requiredClaims: ["sub", "sid", "exp", "iat"],
        });
        const principal = readPrincipal(payload);
        if (principal === undefined) return { kind: "bad" };
        memory.keep(token, principal, nowMs);
        return { kind: "valid", principal };
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error;
        return { kind: error instanceof errors.JWTExpired ? "expired" : "bad" };
      }
    },
  };
}

function readPrincipal({ sub, sid, roles, exp }: JWTPayload): Principal | undefined {
  const userId = Number(sub);
  const sessionId = Number(sid);
  const named = Array.isArray(roles) && roles.every((role) => typeof role === "string");
  if (!isId(userId) || !isId(sessionId) || exp === undefined || !named) return undefined;
  const asKey = { keyId: null, scopes: null, rateLimit: null };
  return { userId, sessionId, roles, ...asKey, expiresMs: exp * 1000 };
}

function isId(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
