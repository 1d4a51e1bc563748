import { createHash, createHmac, randomBytes } from "node:crypto";
import { deriveKey, type MasterKey } from "./master-key.ts";

/**
 * Refresh tokens: 256 opaque bits, kept only as SHA-256.
 *
 * A token's successor is an HMAC of the token under a key of the server. So the immediately preceding token can be
 * answered with the *same* successor for some seconds (two tabs, a lost answer) though nothing plain is stored, and
 * who steals one token cannot compute the next.
 */
export interface RefreshTokens {
  /** The first token of a new family. */
  create(): string;
  successor(token: string): string;
  /** What is stored and looked up; 32 bytes. */
  digest(token: string): Buffer;
}

const prefix = "rkr_";
const tokenBytes = 32;

export function openRefreshTokens(master: MasterKey): RefreshTokens {
  const key = deriveKey(master, "refresh token successor v1");
  return {
    create: () => prefix + randomBytes(tokenBytes).toString("base64url"),
    successor: (token) => prefix + createHmac("sha256", key).update(token).digest("base64url"),
    digest: (token) => createHash("sha256").update(token).digest(),
  };
}
