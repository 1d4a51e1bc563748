import assert from "node:assert/strict";
import { test } from "node:test";
import { access } from "node:fs/promises";
import { type CoveredFile, hasCode, reportCoverage } from "../src/coverage.ts";
import { wholePaths } from "../src/coverage-gate.ts";

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

test("[O13] of what is to be run whole, the lines that were not are named, and one of them is too many", () => {
  const { text, isEnough } = reportCoverage("/house", [
    [file("shared/auth/src/password.ts", 1, 0, 0, 1, 0), file("actors/host/src/settle.ts", 1, 1)],
  ]);
  assert.match(text, /shared\/auth\/src\/password\.ts: 2–3, 5$/m);
  assert.doesNotMatch(text, /settle/);
  assert.ok(!isEnough);
  const many = file("services/edge/src/room/rooms.ts", ...Array<number>(999).fill(1));
  assert.ok(!reportCoverage("/house", [[many, file("services/edge/src/identity/grant.ts", 0)]]).isEnough);
  assert.ok(reportCoverage("/house", [[many, file("services/edge/src/identity/grant.ts", 1)]]).isEnough);
});

test("[O13] a file that is to be run whole and that no test loads is a gap too", () => {
  const runs = [[file("shared/auth/src/password.ts", 1)]];
  const sources = ["shared/auth/src/password.ts", "shared/auth/src/secret-box.ts", "shared/bus/src/bus.ts"];
  const { text, isEnough } = reportCoverage("/house", runs, sources);
  assert.match(text, /secret-box\.ts: no test loads it/);
  assert.doesNotMatch(text, /bus\.ts: no test/);
  assert.ok(!isEnough);
  assert.ok(reportCoverage("/house", runs, sources.slice(0, 1)).isEnough);
});

test("a file of types alone has nothing to run", () => {
  assert.ok(
    !hasCode('/** Who. */\nimport type { A } from "a";\n\nexport interface B {\n  readonly const: A;\n}\n'),
  );
  assert.ok(hasCode("export async function open() {}\n"));
  assert.ok(hasCode("const few = 3;\n"));
});

test("what is to be run whole is there", async () => {
  for (const path of wholePaths) await access(new URL(`../../../${path}`, import.meta.url));
});
