import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

function rookery(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(main, args, { encoding: "utf8", timeout: 30_000 });
  return { code: status, out: stdout, err: stderr };
}

test("--help lists the commands, and every flag of up with its variable", () => {
  const help = rookery("--help");
  assert.equal(help.code, 0);
  assert.match(help.out, /^ {2}up +starts the whole cluster/m);
  const { code, out } = rookery("up", "--help");
  assert.equal(code, 0);
  for (const flag of ["port", "host", "edges", "workers", "couriers", "shards", "data", "rate-limits"]) {
    assert.match(out, new RegExp(`^ {2}--${flag} +[A-Z_]+ `, "m"));
  }
});

test("an unknown flag is refused with those there are", () => {
  const { code, err } = rookery("up", "--edgez", "2");
  assert.equal(code, 1);
  assert.match(
    err,
    /^rookery up: Unknown option '--edgez'; known flags: --port, .*--telegram, --watch, --help$/m,
  );
});

test("an unknown command is refused with those there are", () => {
  const { code, err } = rookery("fly");
  assert.equal(code, 1);
  assert.match(err, /no command fly/);
  assert.match(err, /^ {2}up /m);
});

test("a flag wins over its variable, and its error names the variable and the range", () => {
  const { code, err } = rookery("up", "--edges=1000");
  assert.equal(code, 1);
  assert.match(err, /ROOKERY_EDGES=1000 must be a whole number from 1 to 64/);
});
