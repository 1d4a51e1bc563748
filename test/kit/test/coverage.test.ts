import assert from "node:assert/strict";
import { test } from "node:test";
import { type CoveredFile, reportCoverage } from "../src/coverage.ts";

const file = (path: string, ...counts: readonly number[]): CoveredFile => ({
  path: `/house/${path}`,
  lines: counts.map((count, index) => ({ line: index + 1, count })),
});

test("a line is run when any of the runs ran it; packages and all are told", () => {
  const { text, isEnough } = reportCoverage("/house", [
    [file("shared/bus/src/bus.ts", 1, 0, 0, 2), file("shared/bus/src/log.ts", 1)],
    [file("shared/bus/src/bus.ts", 0, 3, 0, 0), file("actors/chat/src/chat.ts", 1, 1, 1, 1, 1)],
  ]);
  assert.match(text, /shared\/bus +80\.0 % +4\/5 lines/);
  assert.match(text, /actors\/chat +100\.0 % +5\/5 lines/);
  assert.match(text, /all +90\.0 % +9\/10 lines/);
  assert.ok(isEnough);
  assert.doesNotMatch(text, /whole/);
});

test("under 80 % is not enough, and nothing is not enough either", () => {
  assert.ok(!reportCoverage("/house", [[file("shared/bus/src/bus.ts", 1, 1, 1, 0)]]).isEnough);
  assert.ok(!reportCoverage("/house", []).isEnough);
});

test("of what is to be run whole, the lines that were not are named", () => {
  const { text } = reportCoverage("/house", [
    [file("shared/auth/src/password.ts", 1, 0, 0, 1, 0), file("actors/host/src/settle.ts", 1, 1)],
  ]);
  assert.match(text, /shared\/auth\/src\/password\.ts: 2–3, 5$/m);
  assert.doesNotMatch(text, /settle/);
});
