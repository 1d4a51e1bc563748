import type { Plant } from "./plants.ts";

/** A mark is taken as it comes: who has read less on another device takes back what was read. */
export const receiptBack: Plant = {
  name: "receipt-back",
  text: "receipts go back",
  roles: ["worker"],
  edits: [
    {
      file: "actors/chat/src/receipt.ts",
      find: "const read = Math.max(before.readSeq, Math.min(readSeq, state.headSeq));",
      replace: "const read = Math.min(readSeq, state.headSeq);",
    },
  ],
  caughtBy: ["backward", "lost"],
  seed: 13,
  faults: 1,
  only: ["worker"],
};
