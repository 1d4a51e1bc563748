import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { findServerBinary, readTether } from "@rookery/local";

const wish = {
  names: ["promtool"],
  variable: "ROOKERY_PROMTOOL",
  versionMin: [2, 33],
  package: { name: "prometheus", withDependencies: false },
} as const;
const unpackMsMax = 150_000;

/**
 * What Prometheus' own parser and linter (`promtool check metrics`) find wrong with a text of metrics, a line each.
 *
 * @throws when there is no promtool and none can be unpacked: what was not checked is not good.
 */
export async function checkMetrics(text: string): Promise<string[]> {
  const { code, output } = await runPromtool(["check", "metrics"], text);
  const lines = output.split("\n").filter((line) => line !== "");
  return code === 0 || lines.length > 0 ? lines : [`promtool ended with ${code}`];
}

/** Runs promtool on something. @throws as `checkMetrics` */
export async function runPromtool(
  args: readonly string[],
  input = "",
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { path, libraryPath } = await findServerBinary(wish, {
    env: process.env,
    tether: readTether(),
    signal: AbortSignal.timeout(unpackMsMax),
    dataDir: tmpdir(),
    progress: (line) => void process.stderr.write(`${line}\n`),
  });
  const child = spawn(path, args, {
    env: { ...process.env, ...(libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {}) },
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => said.push(part));
  }
  // It may have seen enough before it has read all.
  child.stdin.on("error", () => undefined).end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output: said.join("") };
}
