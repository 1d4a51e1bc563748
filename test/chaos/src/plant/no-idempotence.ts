import type { Plant } from "./plants.ts";

/** L3: a repeat is decided anew. The unique index behind refuses the row, so the command is parked. */
export const noIdempotence: Plant = {
  name: "no-idempotence",
  text: "outcomes are not recalled",
  roles: ["worker"],
  edits: [
    {
      file: "actors/host/src/plan.ts",
      find: "const known = isNamed(command) ? cell.recall(command.senderId, command.uuid) : undefined;",
      replace: "const known = undefined as ReturnType<typeof cell.recall>;",
    },
  ],
  caughtBy: ["parked", "duplicated", "reacked", "repeated"],
  seed: 3,
  faults: 2,
  only: ["worker"],
};
