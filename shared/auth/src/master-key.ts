import { createHash, hkdfSync } from "node:crypto";
import { ConfigError } from "@rookery/runtime";

const masterKeyBytes = 32;

/** The one secret all processes of a cluster share; every other symmetric key is wrapped by or derived from it. */
export interface MasterKey {
  /** Stored beside what the key sealed, so that a later key can tell which one opens it. Reveals nothing. */
  readonly id: string;
  readonly bytes: Buffer;
}

/**
 * A master key from the contents of its file: 32 raw bytes, or the same as hex or base64 text.
 *
 * @throws ConfigError when it is none of these; the message never holds the contents.
 */
export function parseMasterKey(file: Buffer): MasterKey {
  const bytes = file.length === masterKeyBytes ? file : decodeText(file.toString("latin1").trim());
  if (bytes?.length !== masterKeyBytes) {
    throw new ConfigError(`MASTER_KEY_FILE must hold ${masterKeyBytes} bytes, raw or as hex or base64`);
  }
  const id = createHash("sha256").update("rookery master key id").update(bytes).digest("hex").slice(0, 16);
  return { id, bytes: Buffer.from(bytes) };
}

/** A 32-byte key for one purpose; keys of different purposes tell nothing about each other (HKDF, RFC 5869). */
export function deriveKey(master: MasterKey, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", master.bytes, Buffer.alloc(0), `rookery ${purpose}`, masterKeyBytes));
}

function decodeText(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  if (/^[\w+/-]{43}=?$/.test(text)) return Buffer.from(text, "base64");
  return undefined;
}
