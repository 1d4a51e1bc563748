import type { Plant } from "./plants.ts";

/** A repeat is recognised, and told another outcome than the first. */
export const forgetfulAck: Plant = {
  name: "forgetful-ack",
  text: "a repeat is acked with the next sequence instead of its own",
  roles: ["edge"],
  edits: [
    {
      file: "services/edge/src/socket/frames.ts",
      find: "const { seq, rev, ts } = outcome;",
      replace: "const { seq: first, rev, ts } = outcome;\n  const seq = duplicate ? first + 1 : first;",
    },
  ],
  caughtBy: ["reacked", "misacked"],
  seed: 9,
  faults: 1,
  only: ["worker"],
};
