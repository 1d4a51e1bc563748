import { parseArgs } from "node:util";
import { readInteger } from "@rookery/runtime";

export interface TelegramConfig {
  readonly bots: number;
  /** People, each in a private chat with one bot. */
  readonly chats: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Updates of a round that goes as quickly as they are answered. */
  readonly flood: number;
  /** To each bot's webhook: Telegram's `max_connections`. */
  readonly connections: number;
  readonly rounds: number;
  readonly edges: number;
  readonly workers: number;
  readonly profileDir: string | undefined;
  readonly save: boolean;
  readonly asJson: boolean;
}

export const telegramUsage = `npm run load -- telegram [flags]
  --bots 8         each with an owner, whose socket is on another edge than the webhook
  --chats 1000     people, dealt over the bots
  --rate 1000      updates a second, for
  --seconds 10     in a round
  --flood 20000    updates of a round that goes as quickly as they are answered; 0 leaves it out
  --connections 40 to the webhook of each bot, as Telegram has
  --rounds 5       of the cluster and of the control, in turn
  --edges 2 --workers 1   of the cluster it starts
  --profile <folder>      CPU profiles of all its processes
  --no-save        leave load/results as it is
  --json           one JSON object on standard output`;

/** @throws ConfigError */
export function readTelegramConfig(args: readonly string[]): TelegramConfig {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bots: { type: "string" },
      chats: { type: "string" },
      rate: { type: "string" },
      seconds: { type: "string" },
      flood: { type: "string" },
      connections: { type: "string" },
      rounds: { type: "string" },
      edges: { type: "string" },
      workers: { type: "string" },
      profile: { type: "string" },
      "no-save": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const { json, "no-save": noSave, profile, ...numbers } = values;
  const read = (name: keyof typeof numbers, fallback: number, max: number, min = 1): number =>
    readInteger(numbers, name, { fallback, min, max });
  const bots = read("bots", 8, 500);
  return {
    bots,
    chats: read("chats", 1_000, 50_000, bots),
    perSecond: read("rate", 1_000, 50_000),
    seconds: read("seconds", 10, 600),
    flood: read("flood", 20_000, 1_000_000, 0),
    connections: read("connections", 40, 100),
    rounds: read("rounds", 5, 100),
    edges: read("edges", 2, 16),
    workers: read("workers", 1, 16),
    profileDir: profile,
    save: !noSave,
    asJson: json,
  };
}
