/**
 * `npm test [-- part of a file name …]`: starts the servers once, runs the test files, ends with the count.
 * With `--coverage` (`npm run coverage`) it tells which lines were run, and a whole run that ran too few has failed.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { startParts } from "@rookery/local";
import { type CoveredFile, hasCode, reportCoverage } from "./coverage.ts";
import { wholePaths } from "./coverage-gate.ts";
import { root, runPhase } from "./phase.ts";
import { type Count, repeated, type Result, settle } from "./repetition.ts";
import { partVariables, urlOf, withoutServers } from "./test-part.ts";

const folders = ["actors", "infra", "load", "services", "shared", "test"];
/** Files here start whole clusters: one at a time, after the others. */
const clusterFolder = "test/cluster/";
const runMsMax = 38 * 60_000;
/** For long versions of single files, which are commands of their own. */
const longFileMs =
  process.env["TEST_FILE_MINUTES"] === undefined ? null : Number(process.env["TEST_FILE_MINUTES"]) * 60_000;
const coverageFlag = "--coverage";
const partNames = ["postgres", "nats", "redis"] as const;

async function main(args: readonly string[]): Promise<number> {
  const filters = args.filter((arg) => arg !== coverageFlag);
  const coverage: CoveredFile[][] | null = args.includes(coverageFlag) ? [] : null;
  const files = (await findTestFiles()).filter(
    (file) => filters.length === 0 || filters.some((filter) => file.includes(filter)),
  );
  if (files.length === 0) {
    process.stderr.write("no test file has such a name\n");
    return 1;
  }
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Error("the run took too long")), runMsMax);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => stop.abort(new Error(signal)));

  const dataDir = await mkdtemp(join(tmpdir(), "rookery-test-"));
  try {
    const parts = await startParts({
      dataDir,
      env: withoutServers(process.env),
      progress: (line) => void process.stderr.write(`${line}\n`),
      signal: stop.signal,
    });
    for (const name of partNames) process.env[partVariables[name]] = urlOf(parts, name);
    // For tests that freeze and kill a NATS of their own.
    process.env["ROOKERY_NATS_SERVER"] ??= parts.programs.nats;
    try {
      const isCluster = (file: string): boolean => file.startsWith(clusterFolder);
      const results = [
        await runPhase(
          {
            files: files.filter((file) => !isCluster(file)),
            concurrency: 2,
            fileMsMax: longFileMs ?? 180_000,
          },
          stop.signal,
          coverage,
        ),
        await runPhase(
          { files: files.filter(isCluster), concurrency: 1, fileMsMax: 300_000 },
          stop.signal,
          coverage,
        ),
      ];
      const count = await repeat(sum(results), stop);
      const report =
        coverage === null
          ? null
          : reportCoverage(
              root.replace(/\/$/, ""),
              coverage,
              filters.length === 0 ? await findSources() : [],
            );
      if (report !== null) process.stdout.write(`\n${report.text}\n`);
      const code = tell(count, stop.signal);
      // Some of the files say nothing about the whole.
      return report?.isEnough === false && filters.length === 0 ? 1 : code;
    } finally {
      await parts.close();
    }
  } finally {
    clearTimeout(timer);
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function repeat(first: Result, stop: AbortController): Promise<Count> {
  const files = stop.signal.aborted ? [] : repeated(first);
  if (files.length === 0) return first;
  process.stdout.write(`\nonce more, alone: ${files.join(", ")}\n`);
  const again = await runPhase({ files, concurrency: 1, fileMsMax: 300_000 }, stop.signal, null);
  const { count, unsteady } = settle(first, again);
  if (unsteady.length > 0)
    process.stdout.write(`\nunsteady, passed the second time only: ${unsteady.join(", ")}\n`);
  return count;
}

function sum(results: readonly Result[]): Result {
  const total = (key: keyof Count): number => results.reduce((all, result) => all + result[key], 0);
  return {
    passed: total("passed"),
    failed: total("failed"),
    skipped: total("skipped"),
    failedFiles: results.flatMap(({ failedFiles }) => failedFiles),
  };
}

/** The last line of the output is the count alone. */
function tell({ passed, failed, skipped }: Count, signal: AbortSignal): number {
  if (signal.aborted) process.stdout.write(`given up: ${String(signal.reason)}\n`);
  process.stdout.write(
    `\n${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}\n`,
  );
  return failed > 0 || passed === 0 || signal.aborted ? 1 : 0;
}

async function findTestFiles(): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."))
        await visit(path);
      else if (entry.name.endsWith(".test.ts")) found.push(relative(root, path));
    }
  };
  for (const folder of folders) await visit(join(root, folder));
  return found.toSorted((a, b) => a.localeCompare(b));
}

/** Files that are to be run whole and hold code, whoever loads them. */
async function findSources(): Promise<string[]> {
  const lists = await Promise.all(
    wholePaths.map(async (path) => {
      if (!path.endsWith("/")) return [path];
      const names = await readdir(join(root, path), { recursive: true });
      return names.filter((name) => name.endsWith(".ts")).map((name) => path + name);
    }),
  );
  const texts = await Promise.all(
    lists.flat().map(async (path) => [path, await readFile(join(root, path), "utf8")] as const),
  );
  return texts.flatMap(([path, text]) => (hasCode(text) ? [path] : []));
}

process.exitCode = await main(process.argv.slice(2));
process.exit();
