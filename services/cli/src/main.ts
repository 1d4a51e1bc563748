#!/usr/bin/env node
import { ConfigError, type Env } from "@rookery/runtime";
import { audit } from "./audit.ts";
import { backup, restore } from "./backup.ts";
import { bot } from "./bot.ts";
import type { Command } from "./command.ts";
import { deadLetters } from "./dead-letters.ts";
import { doctor } from "./doctor.ts";
import { key } from "./key.ts";
import { migrate } from "./migrate.ts";
import { rekey } from "./rekey.ts";
import { role } from "./role.ts";
import { session } from "./session.ts";
import { shards } from "./shards.ts";
import { sockets } from "./sockets.ts";
import { status } from "./status.ts";
import { up } from "./up.ts";
import { user } from "./user.ts";
import { webhooks } from "./webhooks.ts";

const commands: readonly Command[] = [
  up,
  doctor,
  status,
  shards,
  sockets,
  deadLetters,
  migrate,
  user,
  session,
  role,
  key,
  audit,
  bot,
  rekey,
  backup,
  restore,
  webhooks,
];

const help = [
  "Usage: rookery <command> [flags]",
  "",
  ...commands.map(({ name, summary }) => `  ${name.padEnd(13)} ${summary}`),
  "",
  "rookery <command> --help tells more.",
  "",
].join("\n");

async function main([name, ...args]: readonly string[], env: Env): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(help);
    return name === undefined ? 1 : 0;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) {
    process.stderr.write(`rookery: there is no command ${name}\n\n${help}`);
    return 1;
  }
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(command.usage);
    return 0;
  }
  try {
    return await command.run(args, env);
  } catch (error) {
    process.stderr.write(`rookery ${name}: ${tell(error)}\n`);
    return 1;
  }
}

/** One line, with its causes; the whole stack for what only a bug throws. */
function tell(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof TypeError || error instanceof ReferenceError) return error.stack ?? error.message;
  const cause = error instanceof ConfigError || error.cause === undefined ? "" : `: ${tell(error.cause)}`;
  return `${error.message}${cause}`;
}

process.exitCode = await main(process.argv.slice(2), process.env);
// Whatever is still open then (a pipe to a child that is gone) must not keep the process.
process.exit();
