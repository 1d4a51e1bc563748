/** Bots of our own: how they come to be, and how their tokens are known. */
import { createHash, randomBytes, randomInt } from "node:crypto";
import type { SecretBox } from "@rookery/auth";
import { Fault, type UserId } from "@rookery/protocol";
import {
  audit,
  type BotRow,
  botSecretOwner,
  changeBotToken,
  inTransaction,
  insertNativeBot,
  insertUser,
  readBot,
  readBotByRequest,
  readSealedToken,
  type Store,
} from "@rookery/store";

export interface NativeBotRegistration {
  readonly ownerId: UserId;
  readonly username: string;
  readonly displayName: string;
  /** The name of the request; a repeat gives the first bot. */
  readonly uuid: string | null;
  readonly requestId: string;
  readonly nowMs: number;
}

export interface RegisteredNativeBot {
  readonly bot: BotRow;
  /** Told to the owner once. */
  readonly token: string;
  readonly created: boolean;
}

interface Ports {
  readonly store: Store;
  readonly secrets: SecretBox;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
/** As long as Telegram's, for programs that look. */
const tokenChars = 35;

function makeToken(botId: UserId): string {
  const secret = Array.from({ length: tokenChars }, () => alphabet[randomInt(alphabet.length)]).join("");
  return `${botId}:${secret}`;
}

/** What a token is found by. */
export function botTokenDigest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/**
 * Makes a bot of our own: a user, and its token, sealed, in one transaction.
 * @throws Fault `username_taken`, `conflict`
 */
export async function registerNativeBot(
  context: Ports,
  registration: NativeBotRegistration,
): Promise<RegisteredNativeBot> {
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
  { store, secrets }: Ports,
  { ownerId, uuid }: NativeBotRegistration,
): Promise<RegisteredNativeBot | null> {
  const earlier = uuid === null ? null : await readBotByRequest(store, ownerId, uuid);
  if (earlier === null) return null;
  const { bot } = earlier;
  const sealed = bot.mode === "native" ? await readSealedToken(store, bot.id) : null;
  if (sealed === null) throw new Fault("conflict", "an earlier request of this name made something else");
  return { bot, token: secrets.openSecret(sealed, botSecretOwner.token(bot.id)), created: false };
}

async function insert(
  { store, secrets }: Ports,
  registration: NativeBotRegistration,
): Promise<RegisteredNativeBot> {
  const { ownerId, username, displayName, uuid, requestId, nowMs } = registration;
  return await inTransaction(store, async (db) => {
    const user = await insertUser(db, {
      username,
      email: null,
      displayName,
      passwordHash: null,
      role: "member",
      isBot: true,
      createdMs: nowMs,
    });
    const token = makeToken(user.id);
    const secret = randomBytes(32).toString("base64url");
    await insertNativeBot(db, {
      id: user.id,
      ownerId,
      username,
      token: secrets.sealSecret(token, botSecretOwner.token(user.id)),
      tokenDigest: botTokenDigest(token),
      secret: secrets.sealSecret(secret, botSecretOwner.webhook(user.id)),
      secretDigest: createHash("sha256").update(secret).digest(),
      requestUuid: uuid,
      createdMs: nowMs,
    });
    await audit(db, { kind: "bot_created", atMs: nowMs, userId: user.id, actorId: ownerId, requestId });
    const bot = await readBot(db, ownerId, user.id);
    if (bot === null) throw new Fault("internal", "the bot is not where it was put");
    return { bot, token, created: true };
  });
}

/** Gives a bot another token; the old one is nobody's at once. Null when the owner has no such bot. */
export async function changeNativeToken(
  { store, secrets }: Ports,
  key: { readonly id: UserId; readonly ownerId: UserId },
  request: { readonly requestId: string; readonly nowMs: number },
): Promise<RegisteredNativeBot | null> {
  const token = makeToken(key.id);
  const sealed = secrets.sealSecret(token, botSecretOwner.token(key.id));
  return await inTransaction(store, async (db) => {
    if (!(await changeBotToken(db, key, { sealed, digest: botTokenDigest(token) }))) return null;
    await audit(db, {
      kind: "bot_token_changed",
      atMs: request.nowMs,
      userId: key.id,
      actorId: key.ownerId,
      requestId: request.requestId,
    });
    const bot = await readBot(db, key.ownerId, key.id);
    return bot === null ? null : { bot, token, created: false };
  });
}
