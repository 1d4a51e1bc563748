import type { Plant } from "./plants.ts";

/** L5: an edge loses one event in fifty, and nothing heals it. */
export const lostFanOut: Plant = {
  name: "lost-fan-out",
  text: "an edge loses events and does not read what is missing",
  roles: ["edge"],
  edits: [
    {
      file: "services/edge/src/room/rooms.ts",
      find: "const room = rooms.get(event.chatId);\n      if (room === undefined) return;",
      replace:
        "const room = rooms.get(event.chatId);\n      if (room === undefined || Math.random() < 0.02) return;",
    },
    {
      file: "services/edge/src/room/rooms.ts",
      find: "const heal = async (room: Room): Promise<void> => {",
      replace: "const heal = async (room: Room): Promise<void> => {\n    if (room.known) return;",
    },
  ],
  caughtBy: ["behind", "gap"],
  seed: 5,
  faults: 2,
  only: ["worker"],
};
