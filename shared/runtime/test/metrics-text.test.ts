import assert from "node:assert/strict";
import { test } from "node:test";
import { Counter, Histogram, mergeMetrics, openMetrics } from "../src/mod.ts";

test("a family that several tell stands once, with everybody's samples under the first one's words", () => {
  const one =
    '# HELP a The a\n# TYPE a gauge\na{node="1"} 1\n\n# HELP b The b\n# TYPE b counter\nb{node="1"} 2\n';
  const other =
    '# HELP b Another b\n# TYPE b counter\nb{node="2"} 3\n\n# HELP c The c\n# TYPE c gauge\nc 4\n';
  assert.equal(
    mergeMetrics([one, other]),
    '# HELP a The a\n# TYPE a gauge\na{node="1"} 1\n\n' +
      '# HELP b The b\n# TYPE b counter\nb{node="1"} 2\nb{node="2"} 3\n\n' +
      "# HELP c The c\n# TYPE c gauge\nc 4\n",
  );
});

test("what one process tells is not changed by merging", async () => {
  const metrics = openMetrics("test", "test-0");
  new Counter({ name: "odd_total", help: "Of\ntwo lines", labelNames: ["of"], registers: [metrics] }).inc({
    of: 'a "quoted"\nline',
  });
  new Histogram({ name: "wide_seconds", help: "Wide", registers: [metrics] }).observe(3);
  const text = await metrics.metrics();
  assert.match(text, /wide_seconds_bucket\{le="5",service="test",node="test-0"\} 1/);
  const merged = mergeMetrics([text]);
  const own = (lines: string) => lines.split("\n").filter((line) => /^(# \w+ )?(odd|wide)/.test(line));
  assert.equal(own(merged).length, 2 + 1 + 2 + 14);
  assert.deepEqual(own(merged), own(text));
});
