import type { Plant } from "./plants.ts";

/** An actor is let go while its commit is in flight, and comes back from rows that lack it: it uses its places again. */
export const discardBeforeFlush: Plant = {
  name: "discard-before-flush",
  text: "actors are let go before their commit has landed",
  roles: ["worker"],
  edits: [
    {
      file: "actors/host/src/commit-loop.ts",
      find: "this.#flight = flight;",
      replace: "this.#flight = flight;\n    discard(deliveries);",
    },
  ],
  caughtBy: ["lost", "misacked", "phantom", "gap", "duplicated", "disagreed"],
  seed: 7,
  faults: 2,
  only: ["worker"],
};
