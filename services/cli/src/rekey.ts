import { readFile } from "node:fs/promises";
import { type MasterKey, openSecretBox, parseMasterKey, SecretBoxError } from "@rookery/auth";
import { ConfigError, type Env, readText } from "@rookery/runtime";
import {
  botSecretOwner,
  headersOwner,
  inTransaction,
  rekeyBots,
  rekeyEndpoints,
  rekeyHeaders,
  webhookSecretOwner,
} from "@rookery/store";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { keyFiles } from "./data-folder.ts";
import { withStore } from "./database.ts";

export const rekey: Command = {
  name: "rekey",
  summary: "seals all secrets at rest under another master key",
  usage: [
    "Usage: rookery rekey [--old-key <file>[,<file>…]]",
    "",
    "Seals under the key of MASTER_KEY_FILE what was sealed under an old one, all or none: tokens and secrets of bots, headers of",
    "their services, and what outgoing webhooks are signed with. Without --old-key those of MASTER_KEY_OLD_FILES are the old ones.",
    "",
    "While the cluster runs: start edges and couriers anew with the new key's file in MASTER_KEY_OLD_FILES, so that all open both;",
    "then anew with the new key in MASTER_KEY_FILE and the old one in MASTER_KEY_OLD_FILES; then run this; then forget the old one.",
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
  const oldFiles = (values["old-key"] ?? readText(env, "MASTER_KEY_OLD_FILES", ""))
    .split(",")
    .filter((file) => file !== "");
  if (oldFiles.length === 0)
    throw new ConfigError("give --old-key, the file of the key they are sealed under");
  const { masterKeyFile } = keyFiles(values["data"], env);
  const current = await readKey(masterKeyFile);
  const secrets = openSecretBox(current, await Promise.all(oldFiles.map(readKey)));
  const renew = (sealed: Parameters<typeof secrets.openSecret>[0], owner: string) =>
    secrets.sealSecret(secrets.openSecret(sealed, owner), owner);
  const counts = await withStore({ data: values["data"], env }, (store) =>
    inTransaction(store, async (db) => ({
      bots: await rekeyBots(db, current.id, ({ id, token, secret }) => ({
        token: renew(token, botSecretOwner.token(id)),
        secret: renew(secret, botSecretOwner.webhook(id)),
      })),
      services: await rekeyHeaders(db, current.id, ({ botId, sealed }) => renew(sealed, headersOwner(botId))),
      endpoints: await rekeyEndpoints(db, current.id, (row) =>
        renew(row, webhookSecretOwner(row.endpointId)),
      ),
    })),
  ).catch((error: unknown) => {
    if (!(error instanceof SecretBoxError)) throw error;
    throw new ConfigError("a secret opens under none of the keys; nothing was changed", { cause: error });
  });
  process.stdout.write(
    `${counts.bots} bots, headers for services of ${counts.services}, and ${counts.endpoints} secrets of webhooks are sealed under the key of ${masterKeyFile}\n`,
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
