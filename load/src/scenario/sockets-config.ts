import { ConfigError } from "@rookery/runtime";
import { commonUsage, readFlags } from "../flags.ts";

export const socketsUsage = `npm run load -- sockets [flags]
  --sockets 10000  on one edge, each of a person of its own
  --each 3         chats a person is in
  --members 10     people in a chat
  --rate 500       messages a second in all
  --seconds 60     of a round
  --rounds 2       of the cluster and of the control, in turn
  --workers 1      of the cluster it starts
  --opens 100      sockets being opened at a time
${commonUsage}`;

export type SocketsConfig = ReturnType<typeof readSocketsConfig>;

/** @throws ConfigError */
export function readSocketsConfig(args: readonly string[]) {
  const { each, rate, opens, ...given } = readFlags(args, {
    sockets: [10_000, 15_000, 1],
    each: [3, 100, 1],
    members: [10, 200, 1],
    rate: [500, 50_000, 1],
    seconds: [60, 3_600, 1],
    rounds: [2, 100, 1],
    workers: [1, 16, 1],
    opens: [100, 2_000, 1],
  });
  const members = Math.min(given.members, given.sockets);
  if (members < 2) throw new ConfigError("a chat needs two members at least");
  return { ...given, members, chatsEach: each, perSecond: rate, opensMax: opens };
}
