import { readFile } from "node:fs/promises";
import { type MasterKey, openSecretBox, parseMasterKey, SecretBoxError } from "@rookery/auth";
import { ConfigError, type Env } from "@rookery/runtime";
import { botSecretOwner, inTransaction, rekeyBots, rekeyEndpoints, webhookSecretOwner } from "@rookery/store";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { keyFiles } from "./data-folder.ts";
import { withStore } from "./database.ts";

export const rekey: Command = {
  name: "rekey",
  summary: "seals all secrets at rest under another master key",
  usage: [
    "Usage: rookery rekey --old-key <file>",
    "",
    "Seals under the key of MASTER_KEY_FILE what was sealed under the old one, all or none: tokens and secrets of bots, and what",
    "outgoing webhooks are signed with. Edges and couriers open one key only: stop them before, start them with the new key after.",
    "",
    "  --data  data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const flags = parseFlags(args, ["old-key", "data"]);
    if (flags.positionals.length > 0) throw new ConfigError("rekey takes --old-key <file> only");
    await rekeySecrets(flags, env);
    return 0;
  },
};

export async function rekeySecrets({ values }: ParsedFlags, env: Env): Promise<void> {
  const oldFile = values["old-key"];
  if (oldFile === undefined)
    throw new ConfigError("give --old-key, the file of the key they are sealed under");
  const { masterKeyFile } = keyFiles(values["data"], env);
  const [current, old] = await Promise.all([readKey(masterKeyFile), readKey(oldFile)]);
  const secrets = openSecretBox(current, [old]);
  const renew = (sealed: Parameters<typeof secrets.openSecret>[0], owner: string) =>
    secrets.sealSecret(secrets.openSecret(sealed, owner), owner);
  const counts = await withStore({ data: values["data"], env }, (store) =>
    inTransaction(store, async (db) => ({
      bots: await rekeyBots(db, current.id, ({ id, token, secret }) => ({
        token: renew(token, botSecretOwner.token(id)),
        secret: renew(secret, botSecretOwner.webhook(id)),
      })),
      endpoints: await rekeyEndpoints(db, current.id, (row) =>
        renew(row, webhookSecretOwner(row.endpointId)),
      ),
    })),
  ).catch((error: unknown) => {
    if (!(error instanceof SecretBoxError)) throw error;
    throw new ConfigError("a secret opens under neither key; nothing was changed", { cause: error });
  });
  process.stdout.write(
    `${counts.bots} bots and ${counts.endpoints} secrets of webhooks are sealed under the key of ${masterKeyFile}\n`,
  );
}

async function readKey(file: string): Promise<MasterKey> {
  try {
    return parseMasterKey(await readFile(file));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${file} cannot be read`, { cause: error });
  }
}
