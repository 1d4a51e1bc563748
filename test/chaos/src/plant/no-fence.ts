import type { Plant } from "./plants.ts";

/**
 * L2: a stale owner may write. The epoch alone is not enough to remove: the offset in the same condition refuses a
 * stale owner too, unless its shard stood still meanwhile, and then both decide the same.
 */
export const noFence: Plant = {
  name: "no-fence",
  text: "the commit asks for neither epoch nor offset",
  roles: ["worker"],
  edits: [
    {
      file: "shared/store/src/commit.ts",
      find: `and s.epoch = f.epoch and s.applied_seq = f."fromSeq" and`,
      replace: `and`,
    },
  ],
  caughtBy: ["lost", "misacked", "phantom", "disagreed", "gap", "duplicated", "reacked", "parked", "behind"],
  seed: 2,
  faults: 8,
  only: ["worker"],
  deed: "freeze",
};
