import { badRequest } from "../refusal.ts";
import { encodeMe } from "../world/bot.ts";
import type { Json } from "../world/message.ts";
import type { Method, MethodCall, MethodTable } from "./method.ts";

const limitMax = 100;
const timeoutSecondsMax = 50;
const connectionsMax = 100;
const connectionsDefault = 40;
const secretCharsMax = 256;
const downloadBytesMax = 20 * 1_048_576;

function clamp(value: number | undefined, min: number, max: number, fallback: number): number {
  return value === undefined || Number.isNaN(value) ? fallback : Math.min(Math.max(value, min), max);
}

/** Missing or unreadable: the previous set stays. */
function readAllowed({ bot, args }: MethodCall): void {
  const given = args.json("allowed_updates");
  if (Array.isArray(given)) bot.updates.allow(given.map(String));
}

const getUpdates: Method = (call) => {
  const { bot, args, polls, signal } = call;
  if (bot.webhook === null) readAllowed(call);
  return polls.poll(bot, {
    offset: clamp(args.integer("offset"), -2_147_483_648, 2_147_483_647, 0),
    limit: clamp(args.integer("limit"), 1, limitMax, limitMax),
    timeoutMs: clamp(args.integer("timeout"), 0, timeoutSecondsMax, 0) * 1_000,
    signal,
  });
};

const setWebhook: Method = (call) => {
  const { bot, args } = call;
  const url = args.text("url");
  if (url === "") return deleteWebhook(call);
  const secretToken = args.text("secret_token");
  if (secretToken.length > secretCharsMax) throw badRequest("secret token is too long");
  if (!/^[A-Za-z0-9_-]*$/.test(secretToken)) throw badRequest("secret token contains unallowed characters");
  // As a Bot API server of one's own (--local) takes them: also http, also other ports.
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw badRequest("bad webhook: invalid webhook URL specified");
  }
  const maxConnections = clamp(args.integer("max_connections"), 1, connectionsMax, connectionsDefault);
  readAllowed(call);
  if (args.flag("drop_pending_updates")) bot.updates.clear();
  const before = bot.webhook;
  const isSame =
    before?.url === url && before.secretToken === secretToken && before.maxConnections === maxConnections;
  if (isSame) {
    call.description = "Webhook is already set";
    return true;
  }
  call.polls.endBySetWebhook(bot);
  call.webhooks.set(bot, { url, secretToken, maxConnections });
  call.description = "Webhook was set";
  return true;
};

const deleteWebhook: Method = (call) => {
  const { bot, args, webhooks } = call;
  if (args.flag("drop_pending_updates")) bot.updates.clear();
  call.description = bot.webhook === null ? "Webhook is already deleted" : "Webhook was deleted";
  if (bot.webhook !== null) webhooks.delete(bot);
  return true;
};

const getWebhookInfo: Method = ({ bot, world }): Json => ({
  url: bot.webhook?.url ?? "",
  has_custom_certificate: false,
  pending_update_count: bot.updates.list(world.now()).length,
  ...(bot.webhook === null
    ? {}
    : {
        max_connections: bot.webhook.maxConnections,
        ip_address: "127.0.0.1",
        ...(bot.lastError === null
          ? {}
          : {
              last_error_date: Math.floor(bot.lastError.atMs / 1_000),
              last_error_message: bot.lastError.message,
            }),
      }),
  ...(bot.updates.allowed === undefined ? {} : { allowed_updates: bot.updates.allowed }),
});

const getFile: Method = ({ args, world }): Json => {
  const file = world.files.byId(args.text("file_id"));
  if (file === undefined) throw badRequest("wrong file_id or the file is temporarily unavailable");
  if (file.bytes.length > downloadBytesMax) throw badRequest("file is too big");
  const { fileId, uniqueId, bytes, path } = file;
  return { file_id: fileId, file_unique_id: uniqueId, file_size: bytes.length, file_path: path };
};

export const updateMethods: MethodTable = {
  getMe: ({ bot }) => encodeMe(bot),
  getUpdates,
  setWebhook,
  deleteWebhook,
  getWebhookInfo,
  getFile,
};
