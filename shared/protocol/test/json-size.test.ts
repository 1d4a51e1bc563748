import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeInternal, jsonSize } from "../src/mod.ts";

const url = "https://example.org/".padEnd(2_048, "x");
const values: readonly unknown[] = [
  null,
  7,
  "€".repeat(1_000),
  [],
  {},
  { entities: Array.from({ length: 100 }, () => ({ type: "text_link", offset: 0, length: 1, url })) },
  { rows: [{ buttons: [{ text: "One", url }, { text: "Two" }] }], place: "inline", none: null, yes: true },
  { latitude: -51.12345678901234, longitude: 0.1 },
];

test("a value is not larger than it is taken for, and text of one byte a unit not smaller than a third of that", () => {
  for (const value of values) {
    const { length } = encodeInternal(value);
    assert.ok(jsonSize(value) >= length, `${jsonSize(value)} for ${length}`);
    if (length > 100) assert.ok(jsonSize(value) <= length * 3.2, `${jsonSize(value)} for ${length}`);
  }
});
