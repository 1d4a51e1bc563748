import { createHash, randomBytes } from "node:crypto";
import type { SecretBox } from "@rookery/auth";
import { Fault, type UserId } from "@rookery/protocol";
import {
  type BotRow,
  botSecretOwner,
  inTransaction,
  insertBot,
  insertUser,
  readBot,
  readBotByRequest,
  type Store,
} from "@rookery/store";

/** A Telegram bot to be registered. */
export interface BotRegistration {
  readonly ownerId: UserId;
  readonly username: string;
  readonly displayName: string;
  readonly mode: "webhook" | "polling";
  readonly token: string;
  /** Left out: made. */
  readonly webhookSecret?: string;
  /** The name of the request; a repeat gives the first bot. */
  readonly uuid: string | null;
  readonly nowMs: number;
  /** By which it is followed through the logs. */
  readonly requestId?: string;
}

export interface RegisteredBot {
  readonly bot: BotRow;
  /** What Telegram has to send with every update; told to the owner once. */
  readonly webhookSecret: string;
  readonly created: boolean;
}

interface RegistrationPorts {
  readonly store: Store;
  readonly secrets: SecretBox;
}

const secretBytes = 32;

/** A secret that Telegram takes: of its alphabet, and not to be guessed. */
export function makeWebhookSecret(): string {
  return randomBytes(secretBytes).toString("base64url");
}

/**
 * Registers a bot: a user, and its sealed token and secret, in one transaction. Telegram is not asked; the courier
 * tells it, so that this succeeds also while Telegram is away.
 * @throws Fault `username_taken`, `conflict`
 */
export async function registerBot(
  context: RegistrationPorts,
  registration: BotRegistration,
): Promise<RegisteredBot> {
  const earlier = await readEarlier(context, registration);
  if (earlier !== null) return earlier;
  try {
    return await insert(context, registration);
  } catch (error) {
    // The same request at the same moment on another edge, or another's bot of this name.
    const first = error instanceof Fault ? await readEarlier(context, registration) : null;
    if (first === null) throw error;
    return first;
  }
}

async function readEarlier(
  { store, secrets }: RegistrationPorts,
  { ownerId, uuid }: BotRegistration,
): Promise<RegisteredBot | null> {
  const earlier = uuid === null ? null : await readBotByRequest(store, ownerId, uuid);
  if (earlier === null) return null;
  const webhookSecret = secrets.openSecret(earlier.secret, botSecretOwner.webhook(earlier.bot.id));
  return { bot: earlier.bot, webhookSecret, created: false };
}

async function insert(
  { store, secrets }: RegistrationPorts,
  registration: BotRegistration,
): Promise<RegisteredBot> {
  const { ownerId, username, displayName, mode, token, uuid, nowMs } = registration;
  const webhookSecret = registration.webhookSecret ?? makeWebhookSecret();
  const bot = await inTransaction(store, async (db) => {
    const user = await insertUser(db, {
      username,
      email: null,
      displayName,
      passwordHash: null,
      role: "member",
      isBot: true,
      createdMs: nowMs,
    });
    await insertBot(db, {
      id: user.id,
      ownerId,
      username,
      mode,
      token: secrets.sealSecret(token, botSecretOwner.token(user.id)),
      secret: secrets.sealSecret(webhookSecret, botSecretOwner.webhook(user.id)),
      secretDigest: createHash("sha256").update(webhookSecret).digest(),
      requestUuid: uuid,
      createdMs: nowMs,
      requestId: registration.requestId,
    });
    return readBot(db, ownerId, user.id);
  });
  if (bot === null) throw new Fault("internal", "the bot is not where it was put");
  return { bot, webhookSecret, created: true };
}
