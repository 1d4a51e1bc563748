import { ConfigError, type Env } from "@rookery/runtime";
import { type BotRow, listAllBots } from "@rookery/store";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { withStore } from "./database.ts";
import { rekeySecrets } from "./rekey.ts";
import { type Column, encodeTable } from "./text-table.ts";

export const bot: Command = {
  name: "bot",
  summary: "lists Telegram's bots, and seals their secrets under another master key",
  usage: [
    "Usage: rookery bot list [--json]",
    "       rookery bot rekey --old-key <file>",
    "",
    "  rekey  what `rookery rekey` does",
    "",
    "  --data  data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const flags = parseFlags(args, ["old-key", "data"], ["json"]);
    const [action, ...rest] = flags.positionals;
    if (rest.length > 0) throw new ConfigError("say what to do: list or rekey");
    if (action === "list") await list(flags, env);
    else if (action === "rekey") await rekeySecrets(flags, env);
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
