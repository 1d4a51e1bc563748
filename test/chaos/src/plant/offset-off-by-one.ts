import type { Plant } from "./plants.ts";

/**
 * L2: the stored offset is one ahead of what was applied. A command passed over by it is sent again by its edge (L6),
 * so clients see nothing; the offset itself is compared with the log.
 */
export const offsetOffByOne: Plant = {
  name: "offset-off-by-one",
  text: "a commit says it applied one message more than it did",
  roles: ["worker"],
  edits: [
    {
      file: "actors/host/src/plan.ts",
      find: "toSeq: last.seq,",
      replace: "toSeq: last.seq + 1,",
    },
  ],
  caughtBy: ["offset", "lost", "unanswered", "behind"],
  seed: 4,
  faults: 2,
  only: ["worker"],
};
