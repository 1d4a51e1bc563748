import type { Plant } from "./plants.ts";

/** Takeover from where the shard stood earlier. Every commit from there is refused by the fence, for ever. */
export const staleOffset: Plant = {
  name: "stale-offset",
  text: "a takeover begins twenty messages before the stored offset",
  roles: ["worker"],
  edits: [
    {
      file: "actors/host/src/host.ts",
      find: "appliedSeq: appliedSeq ?? 0,\n      floodUntilMs",
      replace: "appliedSeq: Math.max(0, (appliedSeq ?? 0) - 20),\n      floodUntilMs",
    },
  ],
  caughtBy: ["unanswered", "lost", "reacked", "misacked"],
  seed: 6,
  faults: 1,
  only: ["worker"],
};
