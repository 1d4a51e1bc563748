import type { Plant } from "./plants.ts";

/** §6: what a chat tells a user is lost, at once and in every sweep. */
export const joinUntold: Plant = {
  name: "join-untold",
  text: "commands from actor to actor are not sent",
  roles: ["worker"],
  edits: [
    {
      file: "actors/host/src/relay.ts",
      find: "for (const [shard, commands] of byTarget(rows, shards)) {",
      replace: "for (const [shard, commands] of byTarget([] as typeof rows, shards)) {",
    },
  ],
  caughtBy: ["unrelayed", "behind"],
  seed: 10,
  faults: 1,
  only: ["worker"],
};
