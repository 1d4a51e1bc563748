/** Reads CPU profiles that `--profile` has left, and shows where the time went, process by process. */
import { readFile } from "node:fs/promises";
import { ConfigError } from "@rookery/runtime";
import { type CpuProfile, type SelfTime, selfTimes } from "../self-time.ts";

const shownMax = 30;
/** What tells processes apart: the first of these that is in the profile. */
const mains = ["services/edge", "services/worker", "services/courier", "services/cli"] as const;

export const profileUsage = `npm run load -- profile <file.cpuprofile> …
  self time by function, of profiles that --profile has left`;

/** @returns the exit code. @throws ConfigError */
export async function runProfile(files: readonly string[]): Promise<number> {
  if (files.length === 0) throw new ConfigError("which profiles?");
  for (const file of files) {
    const profile = JSON.parse(await readFile(file, "utf8")) as CpuProfile;
    const name =
      mains.find((main) =>
        profile.nodes.some(({ callFrame }) => callFrame.url.endsWith(`${main}/src/main.ts`)),
      ) ?? file;
    const { busySeconds, top } = selfTimes(profile, shownMax);
    process.stdout.write(`${name}: ${busySeconds.toFixed(1)} s busy\n${top.map(line).join("\n")}\n\n`);
  }
  return 0;
}

function line({ where, share }: SelfTime): string {
  return `${(share * 100).toFixed(1).padStart(7)} %  ${where}`;
}
