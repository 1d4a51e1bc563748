import { hash, verify } from "@node-rs/bcrypt";
import { Fault } from "@rookery/protocol";
import { openTurnstile } from "./turnstile.ts";

const passwordBytesMin = 8;
/** bcrypt reads no further. */
const passwordBytesMax = 72;

/**
 * Why a text cannot be a password, or undefined when it can: 8 to 72 bytes of UTF-8, no U+0000 (bcrypt's C heritage
 * would end there), no lone surrogates (they would all become the same replacement character).
 */
export function passwordRefusal(text: string): string | undefined {
  const bytes = Buffer.byteLength(text, "utf8");
  if (bytes < passwordBytesMin || bytes > passwordBytesMax) {
    return `must have ${passwordBytesMin} to ${passwordBytesMax} bytes of UTF-8`;
  }
  if (text.includes("\0")) return "must not contain U+0000";
  if (!text.isWellFormed()) return "must be well-formed Unicode";
  return undefined;
}

export interface Passwords {
  /** @throws Fault `invalid` for what cannot be a password, `overloaded` when the queue is full. */
  hash(password: string): Promise<string>;
  /**
   * Whether `password` belongs to `stored`. Without a stored hash (unknown user, account without a password) it
   * takes the same time and is false.
   *
   * @throws Fault `overloaded` when the queue is full.
   */
  verify(password: string, stored: string | null | undefined): Promise<boolean>;
  /** Running and waiting, for metrics. */
  readonly load: { readonly running: number; readonly waiting: number };
}

export interface PasswordOptions {
  readonly cost?: number;
  readonly runningMax?: number;
  readonly waitingMax?: number;
}

/** OWASP's minimum is 10; 12 is about 0.2 s of one core. */
const costDefault = 12;
/** At two cores and cost 12 the last of these waits about 25 s; a longer queue answers nobody in time. */
const waitingMaxDefault = 256;
/** One password's share of the queue, told to whoever is refused. */
const retryMs = 2_000;

/**
 * bcrypt in libuv's threads behind a bounded queue.
 *
 * The native `@node-rs/bcrypt` because `bcryptjs` computes on the event loop: at cost 12 each login would stop
 * every socket of the edge for a quarter of a second.
 */
export function openPasswords(options: PasswordOptions = {}): Passwords {
  const cost = options.cost ?? costDefault;
  const turnstile = openTurnstile({
    runningMax: options.runningMax,
    waitingMax: options.waitingMax ?? waitingMaxDefault,
    refusal: { message: "too many passwords are being checked", retryMs },
  });
  // A well-formed hash of nothing known: computing against it costs what a real one costs.
  const nobody = `$2b$${String(cost).padStart(2, "0")}$${".".repeat(53)}`;
  return {
    hash: async (password) => {
      const refusal = passwordRefusal(password);
      if (refusal !== undefined) throw new Fault("invalid", `password ${refusal}`);
      return turnstile.inTurn(() => hash(password, { cost }));
    },
    verify: (password, stored) =>
      turnstile.inTurn(async () => {
        const acceptable = passwordRefusal(password) === undefined;
        const matches = await verify(acceptable ? password : "", stored ?? nobody);
        return matches && acceptable && typeof stored === "string";
      }),
    get load() {
      return turnstile.load;
    },
  };
}
