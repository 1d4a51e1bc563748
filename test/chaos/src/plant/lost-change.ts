import type { Plant } from "./plants.ts";

/** L4, L5: an edge takes one change in twenty for passed on that it has told nobody of, so nothing heals it. */
export const lostChange: Plant = {
  name: "lost-change",
  text: "an edge passes over changes without telling them",
  roles: ["edge"],
  edits: [
    {
      file: "services/edge/src/room/rooms.ts",
      find: "for (const frame of framesOf(placed)) fanOut(room.hearers, frame);",
      replace:
        'if (placed.kind !== "change" || Math.random() > 0.05) for (const frame of framesOf(placed)) fanOut(room.hearers, frame);',
    },
  ],
  caughtBy: ["gap", "behind"],
  seed: 11,
  faults: 1,
  only: ["worker"],
};
