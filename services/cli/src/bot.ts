import { createHash } from "node:crypto";
import { text as readAll } from "node:stream/consumers";
import { openSecretBox, readMasterKey } from "@rookery/auth";
import { makeWebhookSecret, registerBot, tellAfterMs } from "@rookery/gateway";
import { ConfigError, type Env, readChoice } from "@rookery/runtime";
import {
  type BotRow,
  botSecretOwner,
  deleteBot,
  listAllBots,
  rotateWebhookSecret,
  type Store,
} from "@rookery/store";
import { isTelegramToken } from "@rookery/telegram";
import { findAccount, inOneLine } from "./account.ts";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { keyFiles } from "./data-folder.ts";
import { withStore } from "./database.ts";
import { rekeySecrets } from "./rekey.ts";
import { type Column, encodeTable } from "./text-table.ts";

const usernamePattern = /^[A-Za-z][A-Za-z0-9_]{2,31}$/;

export const bot: Command = {
  name: "bot",
  summary: "makes, lists and deletes Telegram's bots, and changes their webhooks' secrets",
  usage: [
    "Usage: rookery bot create --user <owner> --username <name> --token <token or -> [flags]",
    "       rookery bot list [--json]",
    "       rookery bot delete <id or username>",
    "       rookery bot rotate <id or username>",
    "       rookery bot rekey [--old-key <file>]    what `rookery rekey` does",
    "",
    "  create  --display-name <text>, --mode webhook|polling (webhook); with --token - it is read from standard input. Prints the",
    "          secret of its webhook, which nobody can find out later",
    "  delete  its name is free at once, its chats stay; what was still to be sent fails",
    "  rotate  prints another secret of its webhook; the old one is taken until Telegram knows the new one",
    "",
    "A running cluster follows within seconds. Bots of our own are made by POST /v1/bots.",
    "",
    "  --data  data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const flags = parseFlags(
      args,
      ["user", "username", "token", "display-name", "mode", "old-key", "data"],
      ["json"],
    );
    const [action, ...rest] = flags.positionals;
    if (action === "create" && rest.length === 0) return inOneLine(() => create(flags, env));
    if (action === "list" && rest.length === 0) return inOneLine(() => list(flags, env));
    if (action === "delete" && rest.length === 1) return inOneLine(() => remove(rest[0] ?? "", flags, env));
    if (action === "rotate" && rest.length === 1) return inOneLine(() => rotate(rest[0] ?? "", flags, env));
    if (action === "rekey" && rest.length === 0) return rekeySecrets(flags, env).then(() => 0);
    throw new ConfigError("say what to do: create, list, delete <bot>, or rotate <bot>");
  },
};

const columns: readonly Column<BotRow>[] = [
  { title: "id", cell: ({ id }) => String(id) },
  { title: "username", cell: ({ username }) => username },
  { title: "owner", cell: ({ ownerId }) => String(ownerId) },
  { title: "mode", cell: ({ mode }) => mode },
  { title: "webhook", cell: ({ webhookStatus }) => webhookStatus },
  { title: "error", cell: ({ webhookError, telegramError }) => webhookError ?? telegramError ?? "" },
];

async function list({ values, switches }: ParsedFlags, env: Env): Promise<number> {
  const bots = await withStore({ data: values["data"], env }, (store) => listAllBots(store));
  const text = switches.has("json") ? JSON.stringify(bots) : encodeTable(bots, columns).join("\n");
  process.stdout.write(`${text}\n`);
  return 0;
}

async function create({ values }: ParsedFlags, env: Env): Promise<number> {
  const { username = "", data } = values;
  if (!usernamePattern.test(username))
    throw new ConfigError("--username must be 3 to 32 of A-Za-z0-9_, a letter first");
  const mode = readChoice({ "--mode": values["mode"] }, "--mode", ["webhook", "polling"], "webhook");
  const token = values["token"] === "-" ? (await readAll(process.stdin)).trim() : (values["token"] ?? "");
  if (!isTelegramToken(token)) throw new ConfigError("--token must be a token of Telegram's BotFather");
  const secrets = await openSecrets(data, env);
  const { bot, webhookSecret } = await withStore({ data, env }, async (store) => {
    const owner = await findAccount(store, values["user"]);
    const about = { ownerId: owner.id, username, displayName: values["display-name"] ?? username };
    return registerBot({ store, secrets }, { ...about, mode, token, uuid: null, nowMs: Date.now() });
  });
  process.stdout.write(`bot ${bot.id} created: ${bot.username}\nsecret of its webhook: ${webhookSecret}\n`);
  return 0;
}

async function remove(name: string, { values }: ParsedFlags, env: Env): Promise<number> {
  const gone = await withStore({ data: values["data"], env }, async (store) => {
    const found = await findBot(store, name);
    if (!(await deleteBot(store, found, Date.now()))) throw noBot(name);
    return found;
  });
  process.stdout.write(`bot ${gone.id} deleted: ${gone.username}\n`);
  return 0;
}

async function rotate(name: string, { values }: ParsedFlags, env: Env): Promise<number> {
  const { data } = values;
  const secrets = await openSecrets(data, env);
  const webhookSecret = makeWebhookSecret();
  const rotated = await withStore({ data, env }, async (store) => {
    const found = await findBot(store, name);
    const sealed = secrets.sealSecret(webhookSecret, botSecretOwner.webhook(found.id));
    const digest = createHash("sha256").update(webhookSecret).digest();
    if (!(await rotateWebhookSecret(store, found, { sealed, digest }, Date.now() + tellAfterMs)))
      throw new ConfigError(`${found.username} is a bot of our own and has no webhook at Telegram`);
    return found;
  });
  process.stdout.write(`bot ${rotated.id}, secret of its webhook: ${webhookSecret}\n`);
  return 0;
}

async function findBot(store: Store, name: string): Promise<BotRow> {
  const bots = await listAllBots(store);
  const found = bots.find(
    ({ id, username }) => String(id) === name || username.toLowerCase() === name.toLowerCase(),
  );
  if (found === undefined) throw noBot(name);
  return found;
}

function noBot(name: string): ConfigError {
  return new ConfigError(`there is no bot ${name}`);
}

async function openSecrets(data: string | undefined, env: Env) {
  const { masterKeyFile } = keyFiles(data, env);
  return openSecretBox(await readMasterKey({ ...env, MASTER_KEY_FILE: masterKeyFile }));
}
