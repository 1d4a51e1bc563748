/** How a bot comes to its updates: it asks, or says where they are to be posted. */
import { isIP } from "node:net";
import { namedUpdateTypes, type PollConflict } from "@rookery/protocol";
import {
  botSecretOwner,
  changeAllowedUpdates,
  inTransaction,
  type PostedBot,
  readNativeWebhook,
  readPostedBot,
  writeNativeWebhook,
} from "@rookery/store";
import { updateTypes } from "@rookery/telegram";
import { ApiRefusal, badRequest, tooMany } from "../api-refusal.ts";
import { parseJson } from "../arguments.ts";
import { type Call, Described, type Method, method, type Parameter, Written } from "../method.ts";
import { flag, integer, text } from "../parameter.ts";

const int32Max = 2_147_483_647;
const timeoutSecondsMax = 50;
const connectionsDefault = 40;
const connectionsMax = 100;
const secretCharsMax = 256;
const consumerPattern = /^[A-Za-z0-9_-]{1,64}$/;
const retryMs = 1_000;

/** Telegram's words (telegram-bot-api, Client.cpp). */
const conflicts: Readonly<Record<PollConflict, string>> = {
  other: "terminated by other getUpdates request; make sure that only one bot instance is running",
  webhookSet: "terminated by setWebhook request",
  webhook:
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
};

const defaultTypes = updateTypes.filter((type) => !namedUpdateTypes.includes(type));

/** Undefined: nothing is said that can be understood, so what was said before stays. Null: the default set. */
const allowed: Parameter<readonly string[] | null | undefined> = (args, name) => {
  const said = parseJson(args.text(name) ?? "");
  if (!Array.isArray(said) || !said.every((each) => typeof each === "string")) return undefined;
  const names = new Set(said.map((each) => each.toLowerCase()));
  const types = updateTypes.filter((type) => names.has(type));
  const isDefault =
    types.length === defaultTypes.length && types.every((type) => defaultTypes.includes(type));
  return types.length === 0 || isDefault ? null : types;
};

async function rememberAllowed({ context, bot }: Call, types: readonly string[] | null | undefined) {
  if (types === undefined || isSame(types, bot.allowedUpdates)) return;
  await inTransaction(context.store, (db) => changeAllowedUpdates(db, bot.id, types));
}

function isSame(one: readonly string[] | null, other: readonly string[] | null): boolean {
  return one === null || other === null ? one === other : one.join() === other.join();
}

const getUpdates = method(
  "getUpdates",
  {
    offset: integer(0, -int32Max, int32Max),
    limit: integer(100, 1, 100),
    timeout: integer(0, 0, timeoutSecondsMax),
    allowed_updates: allowed,
    consumer: text,
  },
  async (call, { offset, limit, timeout, allowed_updates: types, consumer }) => {
    const { context, bot, signal } = call;
    if (consumer !== "" && !consumerPattern.test(consumer)) throw badRequest("invalid consumer specified");
    await rememberAllowed(call, types);
    return await new Promise<Written>((resolve, reject) => {
      const question = { botId: bot.id, consumer, offset, limit, timeoutMs: timeout * 1_000 };
      let end = (): void => {};
      // An edge that stops has nothing for it; the bot asks another.
      const leave = (): void => {
        end();
        resolve(new Written("[]"));
      };
      end = context.waits.ask(question, (answer) => {
        signal.removeEventListener("abort", leave);
        if (answer.kind === "updates") resolve(new Written(answer.updates));
        else if (answer.kind === "conflict") reject(new ApiRefusal(409, conflicts[answer.conflict]));
        else if (answer.kind === "overloaded") reject(tooMany(retryMs));
        else reject(new ApiRefusal(503, "try again later", { retry_after: 1 }));
      });
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
    });
  },
);

const setWebhook = method(
  "setWebhook",
  {
    url: text,
    ip_address: text,
    max_connections: integer(connectionsDefault, 1, connectionsMax),
    allowed_updates: allowed,
    drop_pending_updates: flag,
    secret_token: text,
  },
  async (call, values) => {
    const { context, bot } = call;
    const { store, secrets, now } = context;
    const url = values.url.trim();
    const dropPending = values.drop_pending_updates;
    if (url === "") return await endWebhook(call, dropPending);
    checkUrl(call, url);
    const secret = values.secret_token;
    if (secret.length > secretCharsMax) throw badRequest("secret token is too long");
    if (!/^[A-Za-z0-9_-]*$/.test(secret)) throw badRequest("secret token contains unallowed characters");
    const ip = values.ip_address === "" ? null : values.ip_address;
    if (ip !== null && isIP(ip) === 0) throw badRequest("bad webhook: Invalid IP address specified");
    if (ip !== null && !context.addresses.allows(ip)) throw reserved(ip);
    await rememberAllowed(call, values.allowed_updates);
    const wanted = { url, maxConnections: values.max_connections, ip };
    const before = await readPostedBot(store, bot.id);
    if (before !== null && isSameWebhook(call, before, { ...wanted, secret })) {
      if (dropPending) await write(call, { ...before, dropPending });
      return new Described<true>(true, "Webhook is already set");
    }
    const sealed = secret === "" ? null : secrets.sealSecret(secret, botSecretOwner.webhook(bot.id));
    await write(call, { ...wanted, secret: sealed, dropPending });
    context.log.info({ botId: bot.id, atMs: now() }, "a bot is posted to from now on");
    return new Described<true>(true, "Webhook was set");
  },
);

const deleteWebhook = method(
  "deleteWebhook",
  { drop_pending_updates: flag },
  async (call, { drop_pending_updates: dropPending }) => await endWebhook(call, dropPending),
);

async function endWebhook(call: Call, dropPending: boolean): Promise<Described<true>> {
  const { store } = call.context;
  const before = await readPostedBot(store, call.bot.id);
  if (before !== null || dropPending) {
    await write(call, { url: null, maxConnections: connectionsDefault, ip: null, secret: null, dropPending });
  }
  return new Described<true>(true, before === null ? "Webhook is already deleted" : "Webhook was deleted");
}

async function write(
  { context: { store, waits, now }, bot }: Call,
  { dropPending, ...webhook }: Parameters<typeof writeNativeWebhook>[2] & { readonly dropPending: boolean },
): Promise<void> {
  await inTransaction(store, (db) => writeNativeWebhook(db, bot.id, webhook, { dropPending, nowMs: now() }));
  waits.changed(bot.id);
}

function isSameWebhook(
  { context, bot }: Call,
  before: PostedBot,
  wanted: Pick<PostedBot, "url" | "maxConnections" | "ip"> & { readonly secret: string },
): boolean {
  const secret =
    before.secret === null ? "" : context.secrets.openSecret(before.secret, botSecretOwner.webhook(bot.id));
  return (
    before.url === wanted.url &&
    before.maxConnections === wanted.maxConnections &&
    before.ip === wanted.ip &&
    secret === wanted.secret
  );
}

/** As a Bot API server of one's own takes them: also http, also other ports; but only where the operator lets others have us call. */
function checkUrl({ context: { addresses } }: Call, url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw badRequest("invalid webhook URL specified");
  }
  const refusal = addresses.refusalOf(url);
  if (refusal === null) return;
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) !== 0 && !addresses.allows(host)) throw reserved(host);
  throw badRequest(`bad webhook: URL ${refusal}`);
}

function reserved(ip: string): ApiRefusal {
  return badRequest(`bad webhook: IP address ${ip} is reserved`);
}

const getWebhookInfo = method("getWebhookInfo", {}, async ({ context: { store, now }, bot }) => {
  const state = await readNativeWebhook(store, bot.id, now());
  const { url, maxConnections, ip, allowedUpdates, lastErrorMs, lastError, pending } = state ?? nothingSet;
  return {
    url: url ?? "",
    has_custom_certificate: false,
    pending_update_count: pending,
    ...(url === null || lastErrorMs === null
      ? {}
      : { last_error_date: Math.floor(lastErrorMs / 1_000), last_error_message: lastError ?? "" }),
    ...(url === null ? {} : { max_connections: maxConnections }),
    ...(url === null || ip === null ? {} : { ip_address: ip }),
    ...(allowedUpdates === null
      ? {}
      : { allowed_updates: updateTypes.filter((type) => allowedUpdates.includes(type)) }),
  };
});

/** A bot that was deleted a moment ago. */
const nothingSet = {
  url: null,
  maxConnections: connectionsDefault,
  ip: null,
  allowedUpdates: null,
  lastErrorMs: null,
  lastError: null,
  pending: 0,
};

export const updateMethods: readonly Method[] = [getUpdates, setWebhook, deleteWebhook, getWebhookInfo];
