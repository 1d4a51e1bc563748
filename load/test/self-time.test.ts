import assert from "node:assert/strict";
import { test } from "node:test";
import { selfTimes } from "../src/self-time.ts";

const frame = (functionName: string, url = "", lineNumber = 0) => ({ functionName, url, lineNumber });

test("self times are shares of the time in which the process was not idle", () => {
  const { busySeconds, top } = selfTimes(
    {
      nodes: [
        { id: 1, callFrame: frame("(idle)") },
        { id: 2, callFrame: frame("send", "file:///a/b.ts", 9) },
        { id: 3, callFrame: frame("") },
      ],
      samples: [1, 2, 2, 3],
      // The delta of a sample says how long the one before it lasted.
      timeDeltas: [0, 1_000_000, 500_000, 250_000],
    },
    1,
  );
  assert.equal(busySeconds, 0.75);
  assert.deepEqual(top, [{ where: "send b.ts:10", seconds: 0.75, share: 1 }]);
});
