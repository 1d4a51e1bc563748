import { createHash } from "node:crypto";
import type { SecretBox } from "@rookery/auth";
import type { UserId } from "@rookery/protocol";
import {
  accountKey,
  adoptBot,
  botSecretOwner,
  firstAdmin,
  inTransaction,
  insertUser,
  readSealedBot,
  rotateWebhookSecret,
  type Store,
  updateBot,
} from "@rookery/store";
import { registerBot } from "./bot-registration.ts";

/** The bot that the environment names. */
export interface SingleBot {
  readonly username: string;
  readonly token: string;
  readonly mode: "webhook" | "polling";
  /** Null: any. */
  readonly webhookSecret: string | null;
}

/**
 * Registers the bot, or brings the one that is there to what the environment says. It belongs to the first administrator; where
 * there is none yet, to an account made for it, which nobody can log in to, until there is one (`adoptSingleBot`).
 * @returns whether anything was changed.
 */
export async function ensureSingleBot(
  ports: { readonly store: Store; readonly secrets: SecretBox },
  bot: SingleBot,
  nowMs: number,
): Promise<boolean> {
  const { store, secrets } = ports;
  const known = await readSealedBot(store, accountKey(bot.username));
  if (known === null) {
    const ownerId = (await firstAdmin(store)) ?? (await insertOwner(store, nowMs));
    const { webhookSecret, ...rest } = bot;
    const given = webhookSecret === null ? {} : { webhookSecret };
    await registerBot(ports, { ...rest, ...given, ownerId, displayName: bot.username, uuid: null, nowMs });
    return true;
  }
  const { id, ownerId } = known;
  const isSame = (sealed: typeof known.token, owner: string, wanted: string): boolean =>
    secrets.openSecret(sealed, owner) === wanted;
  const tokenOwner = botSecretOwner.token(id);
  const hasToken = isSame(known.token, tokenOwner, bot.token);
  const isMet = hasToken && known.mode === bot.mode;
  const { webhookSecret } = bot;
  const secretOwner = botSecretOwner.webhook(id);
  const hasSecret = webhookSecret === null || isSame(known.secret, secretOwner, webhookSecret);
  await inTransaction(store, async (db) => {
    if (!isMet) {
      const token = hasToken ? {} : { token: secrets.sealSecret(bot.token, tokenOwner) };
      await updateBot(db, { id, ownerId }, { mode: bot.mode, ...token }, nowMs);
    }
    if (!hasSecret) {
      const sealed = secrets.sealSecret(webhookSecret, secretOwner);
      const digest = createHash("sha256").update(webhookSecret).digest();
      await rotateWebhookSecret(db, { id, ownerId }, { sealed, digest }, nowMs + tellAfterMs);
    }
  });
  return !isMet || !hasSecret;
}

/**
 * A bot that was there before any administrator becomes the first one's. What was said to it until then stays in chats that the
 * administrator is not in; those that come are theirs.
 * @returns whether it is somebody's now.
 */
export async function adoptSingleBot(store: Store, username: string): Promise<boolean> {
  const known = await readSealedBot(store, accountKey(username));
  return known === null || (await adoptBot(store, known.id, await firstAdmin(store)));
}

/** Edges believe for a second what they know of a bot: Telegram is told of a new secret when all know it. */
export const tellAfterMs = 2_000;

async function insertOwner(store: Store, nowMs: number): Promise<UserId> {
  const owner = await insertUser(store, {
    username: null,
    email: null,
    displayName: "Operator",
    passwordHash: null,
    role: "member",
    isBot: false,
    createdMs: nowMs,
  });
  return owner.id;
}
