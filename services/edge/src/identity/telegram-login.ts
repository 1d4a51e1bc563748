import type { TelegramPerson, TelegramProof } from "@rookery/auth";
import { Fault, type UserId } from "@rookery/protocol";
import {
  audit,
  type BotVoucher,
  botSecretOwner,
  ensureTelegramUser,
  inTransaction,
  linkTelegramAccount,
  readBotVoucher,
  readTelegramAccount,
  readUser,
  takeTelegramLogin,
} from "@rookery/store";
import type { EdgeContext } from "../http/context.ts";
import { type Grant, type GrantContext, openGrant, type Origin } from "./grant.ts";

export interface TelegramLogin {
  /** Null: the only bot there is. */
  readonly botUsername: string | null;
  /** Judges what was shown by the bot's token. */
  readonly prove: (botToken: string, nowMs: number) => TelegramProof;
  /** A user who has logged in already, and wants the Telegram account to be theirs. */
  readonly linkTo: UserId | null;
}

/**
 * Logs in whom Telegram vouches for by a bot's signature, in an account that is linked or made at first sight.
 *
 * Everybody who has a bot's token can sign for everybody. So a bot is believed about whoever is known by bots of its
 * owner alone; an administrator's bots are believed about all.
 *
 * @throws Fault `not_found` (no such bot), `bad_credentials`, `forbidden` (the bot is not believed), `conflict`
 */
export async function logInByTelegram(
  context: GrantContext & Pick<EdgeContext, "secrets">,
  login: TelegramLogin,
  origin: Origin,
): Promise<Grant> {
  const { store } = context;
  const nowMs = context.now();
  const bot = await readBotVoucher(store, login.botUsername?.replace(/^@/, "") ?? null);
  if (bot === null)
    throw new Fault("not_found", "there is no such Telegram bot here; name it in botUsername");
  const refuse = async (reason: string, fault: Fault, userId: UserId | null = null): Promise<never> => {
    const { address, requestId } = origin;
    const detail = { reason, botId: bot.botId };
    await audit(store, { kind: "telegram_login_failed", atMs: nowMs, userId, address, requestId, detail });
    throw fault;
  };
  const proof = login.prove(context.secrets.openSecret(bot.token, botSecretOwner.token(bot.botId)), nowMs);
  if (proof.kind === "bad") {
    return refuse("bad", new Fault("bad_credentials", "Telegram did not sign this for that bot"));
  }
  if (proof.kind === "stale") {
    return refuse("stale", new Fault("bad_credentials", "this was signed too long ago; open it anew"));
  }
  const account = await readTelegramAccount(store, proof.person.telegramId);
  if (!isBelieved(bot, account, login.linkTo)) {
    return refuse(
      "not believed",
      new Fault("forbidden", "bots of that owner cannot log this Telegram account in"),
      account?.userId,
    );
  }
  // Taken first: of two that come at once only one is the first use. Who loses the answer opens the app anew.
  if (!(await takeTelegramLogin(store, proof, nowMs))) {
    return refuse(
      "used",
      new Fault("bad_credentials", "this was used before; open it anew"),
      account?.userId,
    );
  }
  const userId =
    login.linkTo === null
      ? await ensureTelegramUser(store, proof.person, { ownerId: bot.ownerId, nowMs })
      : await link(context, { userId: login.linkTo, person: proof.person, nowMs }, origin);
  const user = await readUser(store, userId);
  if (user === null || user.disabledMs !== null) {
    return refuse("disabled", new Fault("bad_credentials"), userId);
  }
  return openGrant(context, user, origin, "telegram_login");
}

/** Pure. */
function isBelieved(
  bot: BotVoucher,
  account: { readonly vouchedBy: UserId | null } | null,
  linkTo: UserId | null,
): boolean {
  if (bot.ownerRole === "admin") return true;
  // Linked, the account would go on to be believed about what other bots see of it.
  if (linkTo !== null) return false;
  return account === null || account.vouchedBy === bot.ownerId;
}

async function link(
  { store }: GrantContext,
  what: { readonly userId: UserId; readonly person: TelegramPerson; readonly nowMs: number },
  { address, requestId }: Origin,
): Promise<UserId> {
  const { userId, person, nowMs } = what;
  const known = await readTelegramAccount(store, person.telegramId);
  if (known?.userId === userId) return userId;
  await inTransaction(store, async (db) => {
    await linkTelegramAccount(db, userId, person, nowMs);
    await audit(db, { kind: "telegram_linked", atMs: nowMs, userId, address, requestId });
  });
  return userId;
}
