import { randomBytes, randomInt } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import { openTurnstile } from "./turnstile.ts";

/** A key as it is made; `key` is told once and kept nowhere. */
export interface NewApiKey {
  readonly key: string;
  readonly prefix: string;
  /** Argon2id, in PHC form; what is stored. */
  readonly digest: string;
}

/** API keys: `rk_<prefix>_<secret>`. The prefix finds the row, the secret of 256 bits proves. */
export interface ApiKeys {
  /** @throws Fault `overloaded` when the queue is full. */
  create(): Promise<NewApiKey>;
  /** Whether `key` is the one of `digest`. @throws Fault `overloaded` when the queue is full. */
  verify(key: string, digest: string): Promise<boolean>;
}

/** OWASP's for Argon2id: 19 MiB, two passes; 14 ms of one core here. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** At 14 ms each and two cores the last of these waits 2 s; a longer queue answers nobody in time. */
const waitingMax = 256;
const retryMs = 1_000;
const prefixChars = 12;
const prefixAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
const secretBytes = 32;
const form = /^rk_([a-z0-9]{12})_[\w-]{43}$/;

/** The prefix of what looks like a key, or undefined; tells nothing of whether there is such a key. */
export function keyPrefix(text: string): string | undefined {
  return form.exec(text)?.[1];
}

/** Argon2id in libuv's threads behind a bounded queue. */
export function openApiKeys(
  options: { readonly runningMax?: number; readonly waitingMax?: number } = {},
): ApiKeys {
  const turnstile = openTurnstile({
    runningMax: options.runningMax,
    waitingMax: options.waitingMax ?? waitingMax,
    refusal: { message: "too many keys are being checked", retryMs },
  });
  return {
    async create() {
      const prefix = Array.from(
        { length: prefixChars },
        () => prefixAlphabet[randomInt(prefixAlphabet.length)],
      ).join("");
      const key = `rk_${prefix}_${randomBytes(secretBytes).toString("base64url")}`;
      return { key, prefix, digest: await turnstile.inTurn(() => hash(key, cost)) };
    },
    verify: (key, digest) => turnstile.inTurn(() => verify(digest, key)),
  };
}
