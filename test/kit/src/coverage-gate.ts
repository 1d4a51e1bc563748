/** What the gate of coverage asks for (FEATURES O13), as data. */

/** Of all lines of the product. */
export const overallMin = 0.8;

/**
 * Every line of these is run by the tests: a folder ends in `/`, else it is one file. A line that no test can run is left
 * out by node's own `node:coverage ignore next`, with the reason beside it; never a file.
 */
export const wholePaths: readonly string[] = [
  // Who may come in.
  "shared/auth/src/",
  "services/edge/src/identity/",
  ...["identify", "needs", "grant-answer"].map((name) => `services/edge/src/http/${name}.ts`),
  // Which shard is whose.
  ...["shard", "subject"].map((name) => `shared/protocol/src/${name}.ts`),
  ...["assignment", "ownership"].map((name) => `actors/host/src/${name}.ts`),
  // What is committed, and what is told of it.
  ...["commit-loop", "plan", "settle", "isolation", "release"].map((name) => `actors/host/src/${name}.ts`),
  "shared/store/src/commit.ts",
  "shared/store/src/table.ts",
];

export function isWhole(path: string): boolean {
  return wholePaths.some((each) => (each.endsWith("/") ? path.startsWith(each) : path === each));
}
