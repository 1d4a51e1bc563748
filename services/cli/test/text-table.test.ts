import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeTable } from "../src/text-table.ts";

test("columns are as wide as their widest cell, and no line ends in blanks", () => {
  const lines = encodeTable(
    [
      { name: "rook", count: 7 },
      { name: "", count: 120 },
    ],
    [
      { title: "n", align: "right", cell: ({ count }) => String(count) },
      { title: "name", cell: ({ name }) => name },
    ],
  );
  assert.deepEqual(lines, ["  n  name", "  7  rook", "120"]);
});

test("a cell beyond its width is cut, and no escape sequence reaches the terminal", () => {
  const column = { title: "t", widthMax: 6, cell: (text: string) => text };
  assert.deepEqual(encodeTable(["abcdefgh", "\u001B[2J\u0007", "a\n\tb"], [column]).slice(1), [
    "abcde…",
    "\uFFFD[2J\uFFFD",
    "a b",
  ]);
});
