import type { Plant } from "./plants.ts";

/** L5: a Sync reads to just before the head and then goes live as if it had reached it. */
export const syncBehindHead: Plant = {
  name: "sync-behind-head",
  text: "Sync stops one message before the head",
  roles: ["edge"],
  edits: [
    {
      file: "services/edge/src/room/catch-up.ts",
      find: "const { seq, rev } = room.place;",
      replace: "const { seq: at, rev } = room.place;\n  const seq = Math.max(0, at - 1);",
    },
    {
      file: "services/edge/src/room/room.ts",
      find: "return isComplete ? tail : null;",
      replace: "return isComplete ? tail : [];",
    },
  ],
  caughtBy: ["gap", "behind"],
  seed: 8,
  faults: 2,
  only: ["edge"],
};
