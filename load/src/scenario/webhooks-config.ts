import { parseArgs } from "node:util";
import { readInteger } from "@rookery/runtime";

export interface WebhooksConfig {
  readonly endpoints: number;
  /** Endpoints that hear each chat: so many deliveries a message makes. */
  readonly perChat: number;
  /** Deliveries of a round that goes as quickly as it can. */
  readonly flood: number;
  /** Deliveries a second, for a round. */
  readonly perSecond: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly edges: number;
  readonly workers: number;
  readonly couriers: number;
  readonly profileDir: string | undefined;
  readonly save: boolean;
  readonly asJson: boolean;
}

export const webhooksUsage = `npm run load -- webhooks [flags]
  --endpoints 100  each hears one chat
  --per-chat 10    endpoints of a chat: so many deliveries a message makes
  --flood 20000    deliveries of a round that goes as quickly as it can; 0 leaves it out
  --rate 1000      deliveries a second, for
  --seconds 8      in a round, with one more endpoint that answers, and with one that hangs; 0 leaves them out
  --rounds 5       of the cluster and of bare undici, in turn
  --edges 1 --workers 1 --couriers 1   of the cluster it starts
  --profile <folder>      CPU profiles of all its processes
  --no-save        leave load/results as it is
  --json           one JSON object on standard output`;

/** @throws ConfigError */
export function readWebhooksConfig(args: readonly string[]): WebhooksConfig {
  const { values } = parseArgs({
    args: [...args],
    options: {
      endpoints: { type: "string" },
      "per-chat": { type: "string" },
      flood: { type: "string" },
      rate: { type: "string" },
      seconds: { type: "string" },
      rounds: { type: "string" },
      edges: { type: "string" },
      workers: { type: "string" },
      couriers: { type: "string" },
      profile: { type: "string" },
      "no-save": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const { json, "no-save": noSave, profile, ...numbers } = values;
  const read = (name: keyof typeof numbers, fallback: number, max: number, min = 1): number =>
    readInteger(numbers, name, { fallback, min, max });
  return {
    endpoints: read("endpoints", 100, 900),
    perChat: read("per-chat", 10, 100),
    flood: read("flood", 20_000, 1_000_000, 0),
    perSecond: read("rate", 1_000, 50_000),
    seconds: read("seconds", 8, 600, 0),
    rounds: read("rounds", 5, 100),
    edges: read("edges", 1, 16),
    workers: read("workers", 1, 16),
    couriers: read("couriers", 1, 16),
    profileDir: profile,
    save: !noSave,
    asJson: json,
  };
}
