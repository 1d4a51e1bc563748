import type { Plant } from "./plants.ts";

/** L1: the gate stands open: everything is told when it is decided, and committed afterwards. */
export const ackBeforeCommit: Plant = {
  name: "ack-before-commit",
  text: "the release goes out before the commit",
  roles: ["worker"],
  edits: [
    {
      file: "actors/host/src/commit-loop.ts",
      find: "const settled = await settleCommit(",
      replace: "release(plan);\n      const settled = await settleCommit(",
    },
  ],
  caughtBy: ["early", "lost", "phantom"],
  seed: 1,
  faults: 4,
  only: ["part", "worker"],
};
