/** Two versions run side by side (`infra/UPGRADE.md`): steps expand, or say that they contract, and why they may. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

const folder = new URL("../migration/", import.meta.url);
/** Before it there was no version that had to run beside another. */
const firstNumber = 24;

const narrowing: readonly RegExp[] = [
  /\bdrop\s+(table|column|view|type|function|constraint)\b/,
  /\brename\b/,
  /\balter\s+(column\s+)?\w+\s+(set\s+data\s+)?type\b/,
  /\bset\s+not\s+null\b/,
  /\badd\s+constraint\b(?![^;]*\bnot\s+valid\b)/,
  /\badd\s+(column\s+)?(if\s+not\s+exists\s+)?\w+[^,;]*\bnot\s+null\b(?![^,;]*\bdefault\b)(?<!\bdefault\b[^,;]*)/,
  /\btruncate\b/,
];

/** What of a step the version before could not bear; null: nothing. */
function narrowedBy(sql: string): string | null {
  if (/^-- contract: \S/m.test(sql)) return null;
  const bare = sql.replaceAll(/--.*$/gm, "").toLowerCase();
  for (const statement of bare.split(";")) {
    // What a step makes itself, nobody uses yet.
    if (/^\s*create\s+(table|index|unique\s+index)\b/.test(statement)) continue;
    const found = narrowing.map((pattern) => pattern.exec(statement)).find((match) => match !== null);
    if (found) return found[0];
  }
  return null;
}

test("what takes something away is found, what adds is let through", () => {
  const adds = [
    "create table a (id bigint primary key, name text not null)",
    "alter table a add column b text",
    "alter table a add column b integer not null default 0, add column c text",
    "alter table a add column b integer default 0 not null",
    "create index on a (b) where not deleted",
    "-- drop table a",
    "-- contract: nobody has read it since 1.4\nalter table a drop column b",
  ];
  for (const sql of adds) assert.equal(narrowedBy(sql), null, sql);
  const takes = [
    "alter table a drop column b",
    "drop table a",
    "alter table a rename column b to c",
    "alter table a alter column b type bigint",
    "alter table a alter b set not null",
    "alter table a add column b text, add column c integer not null",
    "alter table a add constraint small check (b < 5)",
    "-- contract:\ndrop table a",
  ];
  for (const sql of takes) assert.notEqual(narrowedBy(sql), null, sql);
});

test("every step up since the first version expands, or says why it may contract", async () => {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".up.sql"));
  const later = files.filter((file) => Number.parseInt(file, 10) >= firstNumber);
  for (const file of later) {
    const found = narrowedBy(await readFile(new URL(file, folder), "utf8"));
    assert.equal(found, null, `${file}: the version before cannot bear "${found}" (infra/UPGRADE.md)`);
  }
});
