/**
 * What Telegram signs with a bot's token for people who come from it. Sources: core.telegram.org/bots/webapps
 * (validating data received via the Mini App), core.telegram.org/widgets/login (checking authorization).
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** A proof is good for so long after Telegram made it. */
export const telegramProofLifeMs = 24 * 60 * 60_000;
/** Telegram's clock may be so far ahead of ours. */
const aheadMsMax = 60_000;
const nameCharsMax = 64;

/** Who came, as Telegram shows them. */
export interface TelegramPerson {
  readonly telegramId: number;
  /** Bots do not log in. */
  readonly isBot: false;
  readonly firstName: string;
  readonly lastName: string | null;
  readonly username: string | null;
  readonly language: string | null;
}

export type TelegramProof =
  | {
      readonly kind: "valid";
      readonly person: TelegramPerson;
      /** Of this very proof; whoever must know it again keeps it until `expiresMs`. */
      readonly digest: Buffer;
      readonly expiresMs: number;
    }
  | { readonly kind: "bad" }
  /** Made too long ago. */
  | { readonly kind: "stale" };

/** The fields of the Login Widget, as it gives them to a page. */
export interface WidgetFields {
  readonly id: number;
  readonly first_name?: string | null | undefined;
  readonly last_name?: string | null | undefined;
  readonly username?: string | null | undefined;
  readonly photo_url?: string | null | undefined;
  readonly auth_date: number;
  readonly hash: string;
}

/** Judges the `initData` of a Mini App. Never throws for what a stranger may send. */
export function proveInitData(initData: string, botToken: string, nowMs: number): TelegramProof {
  const fields = [...new URLSearchParams(initData)];
  const byName = new Map(fields);
  // Of a field that comes twice it would be open which one was meant.
  if (byName.size !== fields.length) return { kind: "bad" };
  const key = createHmac("sha256", "WebAppData").update(botToken).digest();
  return judge(fields, key, personOfJson(byName.get("user")), nowMs);
}

/** Judges what the Login Widget gave. Never throws for what a stranger may send. */
export function proveWidget(given: WidgetFields, botToken: string, nowMs: number): TelegramProof {
  const { id, first_name, last_name, username, photo_url, auth_date, hash } = given;
  const fields = Object.entries({ id, first_name, last_name, username, photo_url, auth_date, hash }).flatMap(
    ([name, value]): [string, string][] =>
      value === undefined || value === null ? [] : [[name, String(value)]],
  );
  const key = createHash("sha256").update(botToken).digest();
  const person = personOf({ id, first_name: first_name ?? "", last_name, username });
  return judge(fields, key, person, nowMs);
}

function judge(
  fields: readonly (readonly [string, string])[],
  key: Buffer,
  person: TelegramPerson | null,
  nowMs: number,
): TelegramProof {
  const { hash = "", auth_date: authDate = "" } = Object.fromEntries(fields);
  if (person === null || !/^[0-9a-f]{64}$/i.test(hash) || !/^\d{1,12}$/.test(authDate))
    return { kind: "bad" };
  const checked = fields
    .filter(([name]) => name !== "hash")
    .map(([name, value]) => `${name}=${value}`)
    .toSorted()
    .join("\n");
  const expected = createHmac("sha256", key).update(checked).digest();
  const claimed = Buffer.from(hash, "hex");
  if (!timingSafeEqual(expected, claimed)) return { kind: "bad" };
  const madeMs = Number(authDate) * 1_000;
  if (madeMs > nowMs + aheadMsMax) return { kind: "bad" };
  const expiresMs = madeMs + telegramProofLifeMs;
  if (expiresMs <= nowMs) return { kind: "stale" };
  return { kind: "valid", person, digest: createHash("sha256").update(claimed).digest(), expiresMs };
}

function personOfJson(json: string | undefined): TelegramPerson | null {
  try {
    return personOf(JSON.parse(json ?? "null"));
  } catch {
    return null;
  }
}

function personOf(user: unknown): TelegramPerson | null {
  if (typeof user !== "object" || user === null) return null;
  const { id, is_bot, first_name, last_name, username, language_code } = user as Record<string, unknown>;
  const isPerson = typeof id === "number" && Number.isSafeInteger(id) && id > 0 && is_bot !== true;
  if (!isPerson || typeof first_name !== "string") return null;
  return {
    telegramId: id,
    isBot: false,
    firstName: textOf(first_name) ?? "",
    lastName: textOf(last_name),
    username: textOf(username),
    language: textOf(language_code),
  };
}

/** Telegram's names are well-formed and have 64 characters at most; whoever holds a bot's token can sign others. */
function textOf(value: unknown): string | null {
  if (typeof value !== "string") return null;
  return value.replaceAll("\0", "").slice(0, nameCharsMax).toWellFormed() || null;
}
