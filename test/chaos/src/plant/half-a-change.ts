import type { Plant } from "./plants.ts";

/** L1: a change is told and kept for Sync, and the message itself stays as it was. */
export const halfAChange: Plant = {
  name: "half-a-change",
  text: "the message is not written when it changes",
  roles: ["worker"],
  edits: [
    {
      file: "actors/chat/src/draft.ts",
      find: "this.#write({ ...amended, detail: { ...amended.detail, sentRev } });",
      replace: "void [amended, sentRev];",
    },
  ],
  caughtBy: ["torn"],
  seed: 12,
  faults: 1,
  only: ["worker"],
};
