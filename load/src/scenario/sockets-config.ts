import { parseArgs } from "node:util";
import { ConfigError, readInteger } from "@rookery/runtime";

export interface SocketsConfig {
  readonly sockets: number;
  readonly chatsEach: number;
  readonly members: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly workers: number;
  readonly opensMax: number;
  /** Where V8's CPU profiles of the cluster's processes go. */
  readonly profileDir: string | undefined;
  readonly save: boolean;
  readonly asJson: boolean;
}

export const socketsUsage = `npm run load -- sockets [flags]
  --sockets 10000  on one edge, each of a person of its own
  --each 3         chats a person is in
  --members 10     people in a chat
  --rate 500       messages a second in all
  --seconds 60     of a round
  --rounds 2       of the cluster and of the control, in turn
  --workers 1      of the cluster it starts
  --opens 100      sockets being opened at a time
  --profile …      folder for CPU profiles of the cluster's processes
  --no-save        leave load/results as it is
  --json           one JSON object on standard output`;

/** @throws ConfigError */
export function readSocketsConfig(args: readonly string[]): SocketsConfig {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sockets: { type: "string" },
      each: { type: "string" },
      members: { type: "string" },
      rate: { type: "string" },
      seconds: { type: "string" },
      rounds: { type: "string" },
      workers: { type: "string" },
      opens: { type: "string" },
      profile: { type: "string" },
      "no-save": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const { profile, json, "no-save": noSave, ...numbers } = values;
  const read = (name: keyof typeof numbers, fallback: number, max: number): number =>
    readInteger(numbers, name, { fallback, min: 1, max });
  const sockets = read("sockets", 10_000, 15_000);
  const members = read("members", Math.min(10, sockets), Math.min(200, sockets));
  if (members < 2) throw new ConfigError("a chat needs two members at least");
  return {
    sockets,
    members,
    chatsEach: read("each", 3, 100),
    perSecond: read("rate", 500, 50_000),
    seconds: read("seconds", 60, 3_600),
    rounds: read("rounds", 2, 100),
    workers: read("workers", 1, 16),
    opensMax: read("opens", 100, 2_000),
    profileDir: profile,
    save: !noSave,
    asJson: json,
  };
}
