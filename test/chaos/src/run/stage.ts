/** A cluster with traffic on it, and the folder they write into. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Rig, type RigShape, startRig } from "../cluster/rig.ts";
import type { Operation } from "../client/operation.ts";
import type { FaultEntry } from "../journal/entry.ts";
import { type Plant, plantUrl } from "../plant/plants.ts";
import { startTraffic, type Traffic, type TrafficShape } from "./traffic.ts";

export interface StageOptions {
  readonly seed: number;
  readonly rig: RigShape;
  readonly traffic: TrafficShape;
  readonly plant?: Plant;
  readonly directClients?: boolean;
  readonly balanced?: boolean;
  readonly operations?: readonly Operation[];
  readonly tell: (line: string) => void;
}

export interface Stage {
  readonly runDir: string;
  readonly rig: Rig;
  readonly traffic: Traffic;
  /** Ends everything; the folder stays when it is to be kept. */
  close(options: { readonly keep: boolean }): Promise<void>;
}

/** Starts it all. Nothing is left when it throws but the folder, whose name it tells. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { plant, tell } = options;
  const runDir = await mkdtemp(join(tmpdir(), "rookery-chaos-"));
  const exits: FaultEntry[] = [];
  let traffic: Traffic | undefined;
  const note = (entry: FaultEntry): void => {
    if (traffic === undefined) exits.push(entry);
    else traffic.faults.add(entry);
  };
  let rig: Rig | undefined;
  try {
    rig = await startRig({
      ...options.rig,
      runDir,
      progress: tell,
      onExit(name, reason, served) {
        tell(`${name} ${reason}${served ? "" : " before it served"}, unasked`);
        note({ kind: "exit", name, reason, served, atMs: performance.now() });
      },
      ...(options.balanced === undefined ? {} : { balanced: options.balanced }),
      ...(options.directClients === undefined ? {} : { directClients: options.directClients }),
      ...(plant === undefined ? {} : { plant: { url: plantUrl(plant.name), roles: plant.roles } }),
    });
    rig.balancer?.lead(rig.members("edge").map(({ statusUrl }) => Number(new URL(statusUrl).port)));
    if (plant !== undefined) await requirePlanted(plant, rig, runDir);
    traffic = await startTraffic({
      rig,
      shape: options.traffic,
      seed: options.seed,
      runDir,
      tell,
      ...(options.operations === undefined ? {} : { operations: options.operations }),
    });
    for (const exit of exits) traffic.faults.add(exit);
    const [openRig, openTraffic] = [rig, traffic];
    return {
      runDir,
      rig: openRig,
      traffic: openTraffic,
      async close({ keep }) {
        await openTraffic.close();
        await openRig.close();
        if (!keep) await rm(runDir, { recursive: true, force: true, maxRetries: 20 });
      },
    };
  } catch (error) {
    await traffic?.close();
    await rig?.close();
    throw new Error(`the stage could not be set; see ${runDir}`, { cause: error });
  }
}

/** A plant that was not loaded proves nothing. @throws */
async function requirePlanted(plant: Plant, rig: Rig, runDir: string): Promise<void> {
  const files = new Set(plant.edits.map(({ file }) => file)).size;
  for (const member of plant.roles.flatMap((role) => rig.members(role))) {
    const log = await readFile(join(runDir, "log", `${member.name}.log`), "utf8");
    const loaded = log.split(`planted ${plant.name}:`).length - 1;
    if (loaded < files) throw new Error(`${member.name} has loaded ${loaded} of ${files} planted files`);
  }
}
