import { readFile } from "node:fs/promises";
import { openSecretBox, parseMasterKey, SecretBoxError } from "@rookery/auth";
import { ConfigError, type Env } from "@rookery/runtime";
import { type BotRow, botSecretOwner, listAllBots, rekeyBots } from "@rookery/store";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { keyFiles } from "./data-folder.ts";
import { withStore } from "./database.ts";
import { type Column, encodeTable } from "./text-table.ts";

export const bot: Command = {
  name: "bot",
  summary: "lists Telegram's bots, and seals their secrets under another master key",
  usage: [
    "Usage: rookery bot list [--json]",
    "       rookery bot rekey --old-key <file>",
    "",
    "  rekey  seals tokens and secrets under the key of MASTER_KEY_FILE that were sealed under the old one; all or none.",
    "         Edges and couriers open one key only: stop them before, and start them with the new key after it.",
    "",
    "  --data  data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const flags = parseFlags(args, ["old-key", "data"], ["json"]);
    const [action, ...rest] = flags.positionals;
    if (rest.length > 0) throw new ConfigError("say what to do: list or rekey");
    if (action === "list") await list(flags, env);
    else if (action === "rekey") await rekey(flags, env);
    else throw new ConfigError("say what to do: list or rekey");
    return 0;
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

async function list({ values, switches }: ParsedFlags, env: Env): Promise<void> {
  const bots = await withStore({ data: values["data"], env }, (store) => listAllBots(store));
  const text = switches.has("json") ? JSON.stringify(bots) : encodeTable(bots, columns).join("\n");
  process.stdout.write(`${text}\n`);
}

async function rekey({ values }: ParsedFlags, env: Env): Promise<void> {
  const oldFile = values["old-key"];
  if (oldFile === undefined)
    throw new ConfigError("give --old-key, the file of the key they are sealed under");
  const { masterKeyFile } = keyFiles(values["data"], env);
  const [current, old] = await Promise.all([readKey(masterKeyFile), readKey(oldFile)]);
  const secrets = openSecretBox(current, [old]);
  const count = await withStore({ data: values["data"], env }, (store) =>
    rekeyBots(store, current.id, ({ id, token, secret }) => {
      const [tokenOwner, secretOwner] = [botSecretOwner.token(id), botSecretOwner.webhook(id)];
      return {
        token: secrets.sealSecret(secrets.openSecret(token, tokenOwner), tokenOwner),
        secret: secrets.sealSecret(secrets.openSecret(secret, secretOwner), secretOwner),
      };
    }),
  ).catch((error: unknown) => {
    if (!(error instanceof SecretBoxError)) throw error;
    throw new ConfigError("a bot's secret opens under neither key; nothing was changed", { cause: error });
  });
  process.stdout.write(`${count} bots are sealed under the key of ${masterKeyFile}\n`);
}

async function readKey(file: string) {
  try {
    return parseMasterKey(await readFile(file));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${file} cannot be read`, { cause: error });
  }
}
