import assert from "node:assert/strict";
import { test } from "node:test";
import { checkMetrics } from "../src/mod.ts";

test("promtool takes what is right, and finds what is not", async () => {
  assert.deepEqual(await checkMetrics('# HELP a_total Of a\n# TYPE a_total counter\na_total{b="c"} 1\n'), []);
  const faults: readonly (readonly [text: string, fault: RegExp])[] = [
    ["# HELP a Of a\n# TYPE a counter\na 1\n", /counter.*_total/],
    ["# HELP a_total Of a\n# TYPE a_total counter\na_total one\n", /expected float/],
    ["# HELP a Of a\n# TYPE a gauge\na 1\n# TYPE a gauge\na 2\n", /second TYPE line/],
    ["# TYPE a gauge\na 1\n", /no help text/],
  ];
  for (const [text, fault] of faults) assert.match((await checkMetrics(text)).join("\n"), fault);
});
