/** A run that brings its own traffic and its own verdict: the cluster under it, its folder, and kills by the seed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Random } from "@rookery/kit";
import type { Env } from "@rookery/runtime";
import type { Role } from "../cluster/member.ts";
import { type Rig, type RigShape, startRig } from "../cluster/rig.ts";
import { pause } from "../pause.ts";

export interface RigRunOptions {
  readonly rig: RigShape;
  /** Keeps the run's folder also when it is clean. */
  readonly keep: boolean;
  readonly tell: (line: string) => void;
}

const roles: readonly Role[] = ["edge", "worker", "courier"];
/** A killed process is away for so long, and then for as long as it takes to start. */
const awayMsMin = 200;
const awayMsMax = 1_500;

/** Starts a cluster, lets `hurt` have it, and ends it. @throws when it cannot be started. */
export async function runOnRig<Report extends { readonly isClean: boolean }>(
  { name, rig: shape, env, keep, tell }: RigRunOptions & { readonly name: string; readonly env: Env },
  hurt: (rig: Rig, runDir: string) => Promise<Report>,
): Promise<Report> {
  const runDir = await mkdtemp(join(tmpdir(), `rookery-${name}-`));
  let rig: Rig | undefined;
  let report: Report | undefined;
  try {
    rig = await startRig({
      ...shape,
      runDir,
      progress: tell,
      onExit: (member, reason) => tell(`${member} ${reason}, unasked`),
      env,
    });
    report = await hurt(rig, runDir);
    return report;
  } finally {
    await rig?.close();
    if (report?.isClean === true && !keep) await rm(runDir, { recursive: true, force: true, maxRetries: 20 });
    else tell(`kept ${runDir}`);
  }
}

/** Kills one of these and starts it again a while later; `doing` is told with it. */
export async function killOne(
  rig: Rig,
  random: Random,
  options: { readonly of?: Role; readonly doing?: string; readonly tell: (line: string) => void },
): Promise<void> {
  const member = random.pick(rig.members(options.of ?? random.pick(roles)));
  const awayMs = random.integer(awayMsMin, awayMsMax);
  options.tell(`${options.doing ?? ""}kill ${member.name}, away for ${awayMs} ms`);
  await member.kill();
  await pause(awayMs);
  await member.start();
}
