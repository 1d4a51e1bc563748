import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { MasterKey } from "./master-key.ts";

/**
 * Secrets at rest, by envelope: a data key of its own for each secret (AES-256-GCM), itself wrapped by the master
 * key, so that a change of master key rewraps 32 bytes and never touches the secret.
 *
 * box = version (1) ‖ nonce (12) ‖ wrapped data key (32) ‖ tag (16) ‖ nonce (12) ‖ tag (16) ‖ ciphertext
 */
export interface SealedSecret {
  /** Which master key wraps it; a column beside the box, so that rows under an old key can be listed. */
  readonly keyId: string;
  readonly box: Buffer;
}

/** The box cannot be opened: another key, another owner, or changed bytes. Never says which. */
export class SecretBoxError extends Error {
  override name = "SecretBoxError";
}

export interface SecretBox {
  /**
   * Seals `secret` for `owner`, a stable name such as `bot:7:token`. Opening demands the same owner, so that a
   * row copied to another owner's place is worthless there.
   */
  sealSecret(secret: string, owner: string): SealedSecret;
  /** @throws SecretBoxError when this owner's box cannot be opened by the keys at hand. */
  openSecret(sealed: SealedSecret, owner: string): string;
}

const cipher = "aes-256-gcm";
const version = 1;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const wrapEnd = 1 + nonceBytes + keyBytes + tagBytes;
const headEnd = wrapEnd + nonceBytes + tagBytes;

/** `current` seals; `current` and `retired` open. */
export function openSecretBox(current: MasterKey, retired: readonly MasterKey[] = []): SecretBox {
  const masters = new Map([current, ...retired].map((key) => [key.id, key.bytes]));
  return {
    sealSecret: (secret, owner) => {
      const dataKey = randomBytes(keyBytes);
      const wrapped = seal(current.bytes, dataKey, binding("key", current.id, owner));
      const body = seal(dataKey, Buffer.from(secret, "utf8"), binding("body", current.id, owner));
      const box = Buffer.concat([
        Buffer.of(version),
        wrapped.nonce,
        wrapped.text,
        wrapped.tag,
        body.nonce,
        body.tag,
        body.text,
      ]);
      dataKey.fill(0);
      return { keyId: current.id, box };
    },
    openSecret: ({ keyId, box }, owner) => {
      const master = masters.get(keyId);
      if (master === undefined) throw new SecretBoxError(`no master key ${keyId} here`);
      if (box.length < headEnd || box[0] !== version) throw new SecretBoxError("not a sealed secret");
      const keyAt = 1 + nonceBytes;
      const dataKey = open(
        master,
        {
          nonce: box.subarray(1, keyAt),
          text: box.subarray(keyAt, keyAt + keyBytes),
          tag: box.subarray(keyAt + keyBytes, wrapEnd),
        },
        binding("key", keyId, owner),
      );
      const bodyAt = wrapEnd + nonceBytes;
      const body = {
        nonce: box.subarray(wrapEnd, bodyAt),
        tag: box.subarray(bodyAt, headEnd),
        text: box.subarray(headEnd),
      };
      return open(dataKey, body, binding("body", keyId, owner)).toString("utf8");
    },
  };
}

interface Sealed {
  readonly nonce: Buffer;
  readonly text: Buffer;
  readonly tag: Buffer;
}

/** JSON, because a plain joining of parts could be split in two ways. The body names no key: rewrapping keeps it. */
function binding(part: "key" | "body", keyId: string, owner: string): Buffer {
  return Buffer.from(JSON.stringify(part === "key" ? [part, owner, keyId] : [part, owner]), "utf8");
}

function seal(key: Buffer, text: Buffer, bound: Buffer): Sealed {
  const nonce = randomBytes(nonceBytes);
  const gcm = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(bound);
  const sealed = Buffer.concat([gcm.update(text), gcm.final()]);
  return { nonce, text: sealed, tag: gcm.getAuthTag() };
}

function open(key: Buffer, { nonce, text, tag }: Sealed, bound: Buffer): Buffer {
  const gcm = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(bound).setAuthTag(tag);
  try {
    return Buffer.concat([gcm.update(text), gcm.final()]);
  } catch {
    throw new SecretBoxError("the sealed secret does not open");
  }
}
